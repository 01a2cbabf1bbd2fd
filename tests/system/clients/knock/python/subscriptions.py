"""Subscriptions of users and objects to objects: subscriptions.py BASE_URL KEY"""

from client import client, has, is_now

client.users.update("py_sub_rui", name="Rui")
client.objects.set("py_docs", "d1", name="Plan")
client.objects.set("py_squads", "s1", name="Squad")
squad = {"collection": "py_squads", "id": "s1"}

added = client.objects.add_subscriptions(
    "py_docs", "d1", recipients=["py_sub_rui", {"id": "py_sub_eva", "name": "Eva"}, squad], properties={"role": "reader"}
)
assert [subscription.recipient.id for subscription in added] == ["py_sub_rui", "py_sub_eva", "s1"], added
for subscription in added:
    has(subscription, api_typename="Subscription", properties={"role": "reader"})
    has(subscription.object, collection="py_docs", id="d1")
    is_now(subscription.inserted_at)
has(client.users.get("py_sub_eva"), name="Eva")

[changed] = client.objects.add_subscriptions("py_docs", "d1", recipients=["py_sub_rui"], properties={"role": "editor"})
assert changed.properties == {"role": "editor"}, changed


def ids(**query):
    pages = client.objects.list_subscriptions("py_docs", "d1", **query)
    return sorted(subscription.recipient.id for subscription in pages)


assert ids(page_size=2) == ["py_sub_eva", "py_sub_rui", "s1"]
assert ids(recipients=["py_sub_eva"]) == ["py_sub_eva"]
own = list(client.users.list_subscriptions("py_sub_rui", page_size=1))
assert [(one.object.collection, one.object.id, one.properties) for one in own] == [("py_docs", "d1", {"role": "editor"})]
mode = list(client.objects.list_subscriptions("py_squads", "s1", mode="recipient"))
assert [one.object.id for one in mode] == ["d1"], mode

removed = client.objects.delete_subscriptions("py_docs", "d1", recipients=["py_sub_rui", squad])
assert sorted(one.recipient.id for one in removed) == ["py_sub_rui", "s1"], removed
assert ids() == ["py_sub_eva"]
