//! The commands of the palette that are no places of the navigation.

use inlet_api::Scope;

use crate::{html::url_part, layout::Layout};

/// A command of the palette: its name and the page that carries it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The text.
    pub label: &'static str,
    /// The address.
    pub href: String,
}

impl Layout<'_> {
    /// The commands that the session's token may carry out.
    pub fn commands(&self) -> Vec<Command> {
        let page = self.page;
        let sees_all = page.operator().environment_ids().is_none();
        let (may_operate, may_administer) = (page.can(Scope::Operate), page.can(Scope::Admin) && sees_all);
        let command = |label, href: &str| Command { label, href: href.to_owned() };
        let mut commands = Vec::new();
        if may_operate && sees_all {
            commands.push(command("Create source", "/sources/new"));
        }
        if let Some(environment) = self.environment().filter(|_| may_operate) {
            commands.push(command("Add target", &format!("/e/{}/targets/~new", url_part(&environment.slug))));
        }
        if may_administer {
            commands.push(command("New token", "/settings/tokens#create"));
            commands.push(command("Create environment", "/settings/environments#create"));
        }
        if page.can(Scope::Plugins) && sees_all {
            commands.push(command("Add a plugin", "/plugins/add"));
        }
        commands
    }
}
