//! `GET /v1/audiences/{key}/members`

use axum::{extract::State, response::Response};
use inlet_api_types::{
    PageParams,
    recipients::audiences::{AudienceMember, AudienceMemberList},
};
use inlet_core::time;
use inlet_engine::Engine;
use inlet_store::{MemberPosition, MemberRecord};

use super::checked_key;
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentReader,
    error::ApiError,
    page::{CursorText, PageRequest, page_info},
    path::Name,
    query::Params,
    recipients::users::response::user,
};

impl CursorText for MemberPosition {
    fn write(&self) -> String {
        format!("{}-{}", self.user_seq, self.tenant_id)
    }

    fn read(text: &str) -> Option<Self> {
        let (user_seq, tenant_id) = text.split_once('-')?;
        Some(Self { user_seq: i64::read(user_seq)?, tenant_id: i64::read(tenant_id)? })
    }
}

/// Lists the members of an audience, the newest user first. An audience without members is empty.
#[utoipa::path(
    get,
    path = "/v1/audiences/{key}/members",
    operation_id = "listAudienceMembers",
    tag = "audiences",
    params(
        ("key" = String, Path, description = "The audience"),
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
        PageParams,
    ),
    responses((status = 200, description = "The members", body = AudienceMemberList)),
)]
pub async fn list_audience_members(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    Name(audience): Name,
    params: Params,
) -> Result<Response, ApiError> {
    reader.may_see_personal_data()?;
    checked_key(&audience)?;
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let memory = AnswerMemory::new(&engine);
    let page = engine.store.audience_members(reader.environment_id, &audience, cursor, limit, &memory).await?;
    let page = page.ok_or_else(AnswerMemory::exhausted)?;
    let page_info = page_info(&page, limit, |member| member.position);
    memory.answer(AudienceMemberList { entries: page.items.into_iter().map(response).collect(), page_info })
}

fn response(record: MemberRecord) -> AudienceMember {
    AudienceMember {
        typename: "AudienceMember".to_owned(),
        user_id: record.user.id.clone(),
        user: user(&record.user),
        tenant: record.tenant,
        added_at: time::write_ms(record.created_at_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back() {
        let position = MemberPosition { user_seq: 42, tenant_id: 0 };
        assert_eq!(MemberPosition::read(&position.write()), Some(position));
        assert_eq!(MemberPosition::read("42"), None);
        assert_eq!(MemberPosition::read("-1-0"), None);
    }
}
