//! The contract's C bindings, generated from embedded WIT. An author needs no tool besides a C compiler.

use anyhow::{Context as _, Result};
use wit_bindgen_c::Opts;
use wit_bindgen_core::{
    Files,
    wit_parser::{Resolve, SourceMap},
};

const CONTRACT: [(&str, &str); 5] = [
    ("types.wit", include_str!("../../../wit/v0.2/types.wit")),
    ("translator.wit", include_str!("../../../wit/v0.2/translator.wit")),
    ("answerer.wit", include_str!("../../../wit/v0.2/answerer.wit")),
    ("log.wit", include_str!("../../../wit/v0.2/log.wit")),
    ("worlds.wit", include_str!("../../../wit/v0.2/worlds.wit")),
];

/// Returns the files for a C plugin of `world`: a header, a source, and an object file with the types.
pub fn c_bindings(world: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut texts = SourceMap::new();
    for (name, text) in CONTRACT {
        texts.push_str(name, text);
    }
    let contract = texts.parse().map_err(|(_, error)| error).context("the embedded contract is not WIT")?;
    let mut resolve = Resolve::default();
    let package = resolve.push_group(contract).context("the embedded contract is not whole")?;
    let world = resolve
        .select_world(&[package], Some(world))
        .with_context(|| format!("the contract has no world {world:?}; expected source or answering-source"))?;
    let mut files = Files::default();
    Opts::default().build().generate(&mut resolve, world, &mut files).context("the contract cannot be written as C")?;
    Ok(files.iter().map(|(name, content)| (name.to_owned(), content.to_vec())).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::c_bindings;

    #[test]
    fn both_worlds_are_written_and_no_other() {
        for (world, exported) in [
            ("source", "exports_inlet_source_translator_translate("),
            ("answering-source", "exports_inlet_source_answerer_answer("),
        ] {
            let files = c_bindings(world).unwrap();
            let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
            let stem = world.replace('-', "_");
            assert_eq!(names, [format!("{stem}.c"), format!("{stem}.h"), format!("{stem}_component_type.o")]);
            assert!(String::from_utf8_lossy(&files[1].1).contains(exported));
        }
        let error = c_bindings("sauce").unwrap_err().to_string();
        insta::assert_snapshot!(error, @r#"the contract has no world "sauce"; expected source or answering-source"#);
    }
}
