//! `$first`, `$template`, `$each` and `$lookup` in the parameters of a mapping.

use inlet_core::{
    actions::{self, Syntax},
    json,
    mapping::Condition,
};

use crate::world::*;

/// Sends an item to a trigger with this parameter as `data.it`.
fn sent(parameter: &str, item: &str) -> Entry {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.trigger(&format!(r#"{{"key":"k","recipients":{{"value":"u1"}},"data":{{"it":{parameter}}}}}"#));
    inlet.one(item)
}

/// Returns the value of one parameter, its origins and the warnings.
fn resolved(parameter: &str, properties: &str) -> (String, String, String) {
    let entry = sent(parameter, &track(properties));
    assert_eq!(entry.outcome(), "executed", "{}", entry.reason());
    let action = entry.action();
    let value = json::member(&entry.run().data, "it").unwrap().to_owned();
    let members = json::members(&action.found_in).unwrap();
    let shown = |(name, origin): (_, &str)| format!("{name} {}", json::string(origin).unwrap());
    let origins: Vec<String> = members.into_iter().filter(|(name, _)| name.starts_with("data.it")).map(shown).collect();
    (value, origins.join(", "), action.warnings.join("; "))
}

fn value(parameter: &str, properties: &str) -> String {
    resolved(parameter, properties).0
}

/// Returns the reason of an action in error.
fn reason(parameter: &str, properties: &str) -> String {
    let entry = sent(parameter, &track(properties));
    assert_eq!(entry.outcome(), "failed");
    entry.action().reason.clone().unwrap()
}

fn refused(parameter: &str) -> String {
    let parameters = format!(r#"{{"key":"k","data":{{"it":{parameter}}}}}"#);
    actions::parse_action("workflows_trigger", &parameters).unwrap_err().to_string()
}

#[test]
fn first_is_the_first_that_is_neither_absent_nor_null() {
    let names = r#"{"$first":["data.nick","data.name",{"value":"friend"}]}"#;
    assert_eq!(value(names, r#"{"nick":"Al","name":"Alice"}"#), "\"Al\"");
    assert_eq!(value(names, r#"{"nick":null,"name":"Alice"}"#), "\"Alice\"");
    assert_eq!(value(names, r#"{"nick":"","name":"Alice"}"#), "\"\"", "an empty string is a value");
    assert_eq!(value(names, "{}"), "\"friend\"");
    let (_, origins, warnings) = resolved(names, r#"{"name":"Alice"}"#);
    assert_eq!((origins.as_str(), warnings.as_str()), ("data.it.$first[1] event", ""), "found_in says which one");
}

#[test]
fn a_default_is_a_constant() {
    let (value, origins, warnings) = resolved(r#"{"$first":["data.n"],"$default":"data.m"}"#, r#"{"m":1}"#);
    assert_eq!((value.as_str(), origins.as_str(), warnings.as_str()), ("\"data.m\"", "data.it.$default constant", ""));
    assert_eq!(self::value(r#"{"$first":["data.n"],"$default":{"a":[1.10]}}"#, "{}"), r#"{"a":[1.10]}"#);
    assert_eq!(self::value(r#"{"$first":["data.n"],"$default":null}"#, "{}"), "null");
}

#[test]
fn first_that_finds_nothing_is_null_and_a_warning() {
    let (value, origins, warnings) = resolved(r#"{"$first":["data.totl","data.sum"]}"#, r#"{"total":1}"#);
    assert_eq!((value.as_str(), origins.as_str()), ("null", ""));
    insta::assert_snapshot!(warnings, @"`data.it` is null: no entry of its $first finds a value; of the first, `data.totl`: there is `data.total`");
}

#[test]
fn a_template_writes_values_into_text() {
    let template = |text: &str| format!(r#"{{"$template":{}}}"#, json::quote(text));
    let write = |text: &str, properties: &str| json::string(&value(&template(text), properties)).unwrap();
    assert_eq!(write("Hi {{ data.name }}, {{user_id}}!", r#"{"name":"Zo\u00eb"}"#), "Hi Zoë, u1!");
    assert_eq!(write("{{ data.n }} {{ data.b }} {{ data.z }}|", r#"{"n":1.10,"b":true,"z":null}"#), "1.10 true |");
    assert_eq!(write("{{ data.o }}", r#"{"o": { "a b" : [ 1 , 2.0 ] }}"#), r#"{"a b":[1,2.0]}"#);
    assert_eq!(write(r"\{{ data.n }} {{ data.n }}", r#"{"n":1}"#), "{{ data.n }} 1");
    assert_eq!(write("a \"quoted\"\n{{ data.q }}", r#"{"q":"\"x\""}"#), "a \"quoted\"\n\"x\"");
}

#[test]
fn a_path_of_a_template_that_finds_nothing_is_empty_and_a_warning() {
    let (value, origins, warnings) = resolved(r#"{"$template":"Hi {{ data.nme }}{{ type }}"}"#, r#"{"name":"A"}"#);
    assert_eq!((value.as_str(), origins.as_str()), (r#""Hi track""#, "data.it.{{ type }} item"));
    insta::assert_snapshot!(warnings, @"`data.it` has nothing for `{{ data.nme }}`: the path finds nothing; there is `data.name`");
    let (value, _, warnings) = resolved(r#"{"$template":"{{ data.n }}"}"#, r#"{"n":null}"#);
    assert_eq!((value.as_str(), warnings.as_str()), ("\"\"", ""), "null is there");
}

#[test]
fn each_makes_one_value_for_each_item() {
    let lines = r#"{"lines":[{"sku":"a","price":{"amount":1.10}},{"sku":"b"},{"sku":"c","price":{"amount":2}}]}"#;
    let each =
        r#"{"$each":"data.lines","$as":{"id":"item.sku","price":"item.price.amount","user":"user_id","all":"item"}}"#;
    let (value, origins, warnings) = resolved(each, lines);
    assert_eq!(
        value,
        r#"[{"id":"a","price":1.10,"user":"u1","all":{"sku":"a","price":{"amount":1.10}}},{"id":"b","price":null,"user":"u1","all":{"sku":"b"}},{"id":"c","price":2,"user":"u1","all":{"sku":"c","price":{"amount":2}}}]"#
    );
    assert_eq!(
        origins,
        "data.it.$each event, data.it.$as.id each, data.it.$as.price each, data.it.$as.user event, data.it.$as.all each"
    );
    insta::assert_snapshot!(warnings, @"`data.it.$as.price` is null: the path `item.price.amount` finds nothing in an item; no path is near it");
    assert_eq!(self::value(r#"{"$each":"data.ids","$as":"item"}"#, r#"{"ids":[1,null,"x"]}"#), r#"[1,null,"x"]"#);
    assert_eq!(self::value(r#"{"$each":"data.ids","$as":"item"}"#, r#"{"ids":[]}"#), "[]");
    assert_eq!(self::value(r#"{"$each":"data.ids","$as":"item"}"#, r#"{"ids":null}"#), "null");
}

#[test]
fn outside_of_each_item_is_a_member_of_the_item_as_it_came() {
    let item = with(&track(r#"{"ids":[1]}"#), "item", r#"{"a":7}"#);
    let entry = sent(r#"[{"$each":"data.ids","$as":{"in":"item.a","of":"body.item.a"}},"item.a"]"#, &item);
    assert_eq!(json::member(&entry.run().data, "it").unwrap(), r#"[[{"in":null,"of":7}],7]"#);
}

#[test]
fn a_warning_about_the_items_comes_once() {
    let items = vec![r#"{"nam":"x"}"#; 500].join(",");
    let each =
        r#"{"$each":"data.a","$as":{"t":{"$template":"{{ item.name }}"},"n":"item.name","f":{"$first":["item.x"]}}}"#;
    let warnings = resolved(each, &format!(r#"{{"a":[{items}]}}"#)).2;
    assert_eq!(warnings.matches("item.name").count(), 2, "{warnings}");
    assert_eq!(warnings.matches("$first").count(), 1, "{warnings}");
}

#[test]
fn each_over_what_is_no_array_is_an_error_and_over_nothing_is_null() {
    let each = r#"{"$each":"data.lines","$as":"item"}"#;
    insta::assert_snapshot!(reason(each, r#"{"lines":{"sku":"a"}}"#), @"`data.it.$each`: the path `data.lines` finds an object; expected an array");
    let (value, _, warnings) = resolved(each, r#"{"line":[]}"#);
    assert_eq!(value, "null");
    insta::assert_snapshot!(warnings, @"`data.it.$each` is null: the path `data.lines` finds nothing; there is `data.line`");
}

#[test]
fn each_has_at_most_1000_results() {
    let ids = |count: usize| format!(r#"{{"ids":[{}]}}"#, vec!["1"; count].join(","));
    let each = r#"{"$each":"data.ids","$as":"item"}"#;
    assert_eq!(json::array_len(&value(each, &ids(1000))), Some(1000));
    insta::assert_snapshot!(reason(each, &ids(1001)), @"`data.it.$each`: `data.ids` has 1001 items; at most 1000 are allowed");
}

#[test]
fn each_over_too_many_recipients_stops_the_event() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":{"$each":"data.ids","$as":{"id":"item"}}}"#);
    inlet.map("Order Completed", "users_identify", "{}");
    let ids = |count: usize| track(&format!(r#"{{"ids":[{}]}}"#, vec!["\"a\""; count].join(",")));
    assert_eq!(inlet.one(&ids(1000)).outcome(), "executed");
    let known = inlet.known();
    let entry = inlet.one(&ids(1001));
    assert_eq!((entry.outcome(), entry.done.actions.len(), inlet.known()), ("failed", 1, known));
    insta::assert_snapshot!(entry.action().reason.as_deref().unwrap(), @"1001 recipients; at most 1000 are allowed in one trigger; none of this event's mappings was processed");
}

#[test]
fn each_over_the_recipients_of_a_split_trigger_may_have_as_many() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","on_overflow":"split","recipients":{"$each":"data.ids","$as":{"id":"item"}}}"#);
    let ids: Vec<String> = (0..1001).map(|id| format!("\"u{id}\"")).collect();
    let entry = inlet.one(&track(&format!(r#"{{"ids":[{}]}}"#, ids.join(","))));
    assert_eq!((entry.outcome(), entry.done.runs().count()), ("executed", 2));
}

#[test]
fn what_forms_make_is_bounded() {
    let text = json::quote(&"x".repeat(70_000));
    insta::assert_snapshot!(reason(r#"{"$template":"{{ data.x }}"}"#, &format!(r#"{{"x":{text}}}"#)), @"`data.it`: the text of its template is longer than 65536 bytes");
    let ids = vec!["1"; 900].join(",");
    let big = format!(r#"{{"ids":[{ids}],"x":{text}}}"#);
    insta::assert_snapshot!(reason(r#"{"$each":"data.ids","$as":"data.x"}"#, &big), @"`data.it`: the result of its $each is larger than 4194304 bytes");
}

#[test]
fn a_failed_form_of_an_optional_parameter_fails_its_action_alone() {
    let mut inlet = Inlet::new();
    inlet.knows("u1");
    inlet.trigger(r#"{"key":"a","tenant":{"$each":"user_id","$as":"item"}}"#);
    inlet.trigger(r#"{"key":"b"}"#);
    let entry = inlet.one(&track("{}"));
    assert_eq!(entry.statuses(), [("workflows_trigger", "error"), ("workflows_trigger", "success")]);
    insta::assert_snapshot!(entry.done.actions[0].reason.as_deref().unwrap(), @"`tenant.$each`: the path `user_id` finds a string; expected an array");
}

#[test]
fn lookup_reads_a_table() {
    let lookup = r#"{"$lookup":"data.plan","$in":{"p1":"Free","2":{"n":1.10},"true":"yes"}}"#;
    let (value, origins, warnings) = resolved(lookup, r#"{"plan":"p1"}"#);
    assert_eq!((value.as_str(), warnings.as_str()), ("\"Free\"", ""));
    assert_eq!(origins, "data.it.$lookup event, data.it.$in constant");
    assert_eq!(self::value(lookup, r#"{"plan":2.0}"#), r#"{"n":1.10}"#, "a number is its plain digits");
    assert_eq!(self::value(lookup, r#"{"plan":true}"#), "\"yes\"");
    let (value, _, warnings) = resolved(lookup, r#"{"plan":"p9"}"#);
    assert_eq!(value, "null");
    insta::assert_snapshot!(warnings, @"`data.it` is null: $in has no entry for the key that was found; add one, or a $default");
    let (value, _, warnings) = resolved(lookup, r#"{"plans":"p9"}"#);
    assert_eq!(value, "null");
    insta::assert_snapshot!(warnings, @"`data.it.$lookup` is null: the path `data.plan` finds nothing; there is `data.plans`");
    let default = r#"{"$lookup":"data.plan","$in":{"p1":"Free"},"$default":"Other"}"#;
    for properties in [r#"{"plan":"p9"}"#, "{}", r#"{"plan":null}"#, r#"{"plan":["p1"]}"#] {
        let (value, _, warnings) = resolved(default, properties);
        assert_eq!((value.as_str(), warnings.as_str()), ("\"Other\"", ""), "{properties}");
    }
}

#[test]
fn forms_nest() {
    let nested = r#"{"$first":[{"$lookup":{"$first":["data.plan","data.tier"]},"$in":{"p":"Pro"}},{"$template":"Plan {{ data.plan }}"}]}"#;
    assert_eq!(value(nested, r#"{"tier":"p"}"#), "\"Pro\"");
    assert_eq!(value(nested, r#"{"plan":"x"}"#), "\"Plan x\"");
    let each = r#"{"$first":["data.none",{"$each":"data.a","$as":{"n":{"$first":["item.x","data.x"],"$default":0},"l":{"$lookup":"item.k","$in":{"a":1}}}}]}"#;
    assert_eq!(value(each, r#"{"a":[{"x":5,"k":"a"},{"k":"a"}],"x":7}"#), r#"[{"n":5,"l":1},{"n":7,"l":1}]"#);
}

#[test]
fn recipients_can_be_forms() {
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":{"$first":["user_id","data.device_id"]}}"#);
    inlet.knows("d1");
    let item = r#"{"type":"track","event":"Order Completed","properties":{"device_id":"d1"}}"#;
    assert_eq!(inlet.one(item).recipients(), ["d1"]);
    let mut inlet = Inlet::new();
    inlet.trigger(
        r#"{"key":"k","recipients":{"$each":"data.members","$as":{"id":"item.id","email":"item.mail","name":{"$template":"{{ item.first }} {{ item.last }}"}}}}"#,
    );
    let members = r#"{"members":[{"id":"a","mail":"a@x.de","first":"A","last":"B"},{"id":"b","mail":"b@x.de","first":"C","last":"D"}]}"#;
    assert_eq!(inlet.one(&track(members)).recipients(), ["a", "b"]);
    assert_eq!(inlet.user("b"), Some(r#"{"email":"b@x.de","name":"C D"}"#));
    let mut inlet = Inlet::new();
    inlet.trigger(r#"{"key":"k","recipients":{"$each":"data.ids","$as":{"collection":"projects","id":"item"}}}"#);
    let entry = inlet.one(&track(r#"{"ids":["p1"]}"#));
    assert_eq!(entry.payload("recipients"), r#"[{"collection":"projects","id":"p1"}]"#, "a collection is a constant");
    let entry = inlet.one(&track("{}"));
    insta::assert_snapshot!(entry.action().reason.as_deref().unwrap(), @"recipients is required, and `$each` over `data.ids` finds nothing");
}

#[test]
fn refusals_name_the_place() {
    insta::assert_snapshot!(refused(r#"{"$first":[]}"#), @"action_parameters.data.it.$first: it has 0 entries; expected 1 to 100 paths and values");
    insta::assert_snapshot!(refused(r#"{"$first":"data.a"}"#), @"action_parameters.data.it.$first: it is a string; expected an array of paths and values");
    insta::assert_snapshot!(refused(r#"{"$first":["data.a",7]}"#), @r#"action_parameters.data.it.$first[1]: it is a number; expected a path (a string), {"value": …} for a constant, or an object"#);
    insta::assert_snapshot!(refused(r#"{"$first":["data.a"],"default":1}"#), @r#"action_parameters.data.it: "default" cannot stand beside $first: beside it stands $default only"#);
    insta::assert_snapshot!(refused(r#"{"$template":"{{ data.a | upcase }}"}"#), @r#"action_parameters.data.it.$template: {{ data.a | upcase }} holds '|'; a template knows paths only, and a name with such a sign is written ["…"]"#);
    insta::assert_snapshot!(refused(r#"{"$template":["data.a"]}"#), @r#"action_parameters.data.it.$template: it is an array; expected a string such as "Hi {{ data.name }}""#);
    insta::assert_snapshot!(refused(r#"{"$template":"x","text":"data.a"}"#), @r#"action_parameters.data.it: "text" cannot stand beside $template: it stands alone"#);
    insta::assert_snapshot!(refused(r#"{"$each":"data.a"}"#), @"action_parameters.data.it: $each needs $as beside it");
    insta::assert_snapshot!(refused(r#"{"$each":["data.a"],"$as":"item"}"#), @"action_parameters.data.it.$each: it is an array; expected the path of an array");
    insta::assert_snapshot!(refused(r#"{"$each":"data.a","$as":{"b":{"$each":"item.b","$as":"item"}}}"#), @"action_parameters.data.it.$as.b.$each: it stands inside another $each; one level is possible");
    insta::assert_snapshot!(refused(r#"{"$lookup":"data.a","$in":["b"]}"#), @"action_parameters.data.it.$in: it is an array; expected an object, its values as they are to be");
    insta::assert_snapshot!(refused(r#"{"$lookup":{"a":"data.a"},"$in":{"b":1}}"#), @"action_parameters.data.it.$lookup: it is an object; expected a path, $first or $template");
    insta::assert_snapshot!(refused(r#"{"$lookup":"data.a","$in":{}}"#), @"action_parameters.data.it.$in: it has 0 entries; expected 1 to 1000");
    insta::assert_snapshot!(refused(r#"{"$first":["data.a"],"$lookup":"data.a","$in":{"a":1}}"#), @r#"action_parameters.data.it: "$lookup" cannot stand beside $first: beside it stands $default only"#);
    insta::assert_snapshot!(refused(r#"{"$default":1}"#), @"action_parameters.data.it: $default stands alone; it belongs to one of $first, $template, $each and $lookup");
}

#[test]
fn other_keys_with_a_dollar_are_members() {
    let members = r#"{"$price":"data.a","template":"data.b","first":"data.a"}"#;
    assert_eq!(value(members, r#"{"a":1,"b":2}"#), r#"{"$price":1,"template":2,"first":1}"#);
    assert_eq!(value(r#"{"value":{"$first":["data.a"]}}"#, "{}"), r#"{"$first":["data.a"]}"#);
}

#[test]
fn before_there_were_forms_all_keys_were_members() {
    let plain = |parameter: &str| {
        let parameters = format!(r#"{{"key":"k","data":{{"it":{parameter}}}}}"#);
        actions::parse_action_in(Syntax::Plain, "workflows_trigger", &parameters)
    };
    // What is a form today, and what is refused today.
    for parameter in [
        r#"{"$template":"data.a"}"#,
        r#"{"$first":["data.a"]}"#,
        r#"{"$each":"data.a","$as":"data.b"}"#,
        r#"{"$default":"data.a"}"#,
        r#"{"$first":["data.a"],"x":"data.b"}"#,
    ] {
        let members = parameter.replace('$', "_");
        let as_members = plain(&members).unwrap();
        let shown = |action: &actions::Action| format!("{action:?}").replace('$', "_");
        assert_eq!(shown(&plain(parameter).unwrap()), shown(&as_members), "{parameter}");
        let today =
            actions::parse_action("workflows_trigger", &format!(r#"{{"key":"k","data":{{"it":{parameter}}}}}"#));
        assert!(today.map_or(true, |action| shown(&action) != shown(&as_members)), "{parameter}");
    }
}

#[test]
fn parameters_are_bounded_in_depth() {
    let deep = format!(r#"{}"data.a"{}"#, r#"{"$first":["#.repeat(100), "]}".repeat(100));
    insta::assert_snapshot!(refused(&deep), @"action_parameters: it is nested deeper than 128 levels; send a flatter object");
}

#[test]
fn the_examples_of_the_documentation_can_be_saved() {
    let document = include_str!("../../../MAPPINGS.md");
    let examples: Vec<&str> = document.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 3);
    for example in examples {
        let member = |name| json::member(example, name);
        if let Some(when) = member("when") {
            Condition::parse(when).unwrap();
        }
        let action_type = member("action_type").and_then(json::string).unwrap();
        actions::parse_action(&action_type, member("action_parameters").unwrap()).unwrap();
    }
}
