"""Audiences: audiences.py BASE_URL KEY"""

from client import client, fails, has, is_now
from knockapi import UnprocessableEntityError

rui = {"user": {"id": "py_aud_rui", "name": "Rui"}}
eva = {"user": {"id": "py_aud_eva"}, "tenant": "acme"}
assert client.audiences.add_members("py_trial", members=[rui, eva], create_audience=True) is None


def members():
    found = client.audiences.list_members("py_trial")
    assert found.page_info.api_typename == "PageInfo", found
    return sorted(found.entries, key=lambda member: member.user_id)


eva_found, rui_found = members()
has(rui_found, api_typename="AudienceMember", user_id="py_aud_rui", tenant=None)
has(rui_found.user, id="py_aud_rui", name="Rui")
is_now(rui_found.added_at)
has(eva_found, user_id="py_aud_eva", tenant="acme")

client.audiences.add_members("py_trial", members=[rui])
assert len(members()) == 2
assert client.audiences.remove_members("py_trial", members=[eva]) is None
assert [member.user_id for member in members()] == ["py_aud_rui"]
with fails(UnprocessableEntityError, "slash", "members[0].user"):
    client.audiences.add_members("py_trial", members=[{"user": {"id": "a/b"}}])
