use bytestring::ByteString;
use proptest::prelude::*;

use super::*;
use crate::json;

/// Returns whether a condition holds for an event with this data.
fn holds(when: &str, data: &str) -> bool {
    let condition = Condition::parse(when).unwrap_or_else(|error| panic!("{when}: {error}"));
    let data = ByteString::from(data);
    let item = json::object([("properties", data.as_ref()), ("type", "\"track\"")]);
    let scope = Scope {
        user_id: Some("u1"),
        data: &data,
        item: &item,
        headers: Some(r#"{"x-topic":"orders/create"}"#),
        hints: None,
        vars: None,
    };
    let holds = condition.check(&mut Values::new(scope)).is_ok();
    assert_eq!(condition.failure(scope).is_none(), holds);
    holds
}

/// Returns whether a test holds for the value `v` of the data.
fn test(value: &str, test: &str) -> bool {
    holds(&format!(r#"{{"data.v":{test}}}"#), &format!(r#"{{"v":{value}}}"#))
}

fn error(when: &str) -> String {
    Condition::parse(when).unwrap_err().to_string()
}

#[test]
fn the_members_of_one_object_are_anded() {
    let data = r#"{"total":150,"plan":"pro"}"#;
    assert!(holds(r#"{"data.total":{"$gte":100,"$lt":200},"data.plan":"pro"}"#, data));
    assert!(!holds(r#"{"data.total":{"$gte":100,"$lt":150},"data.plan":"pro"}"#, data));
    assert!(!holds(r#"{"data.total":{"$gte":100},"data.plan":"free"}"#, data));
}

#[test]
fn keys_are_paths_of_mappings() {
    let data = r#"{"lines":[{"sku":"a"}],"a.b":1,"$x":2}"#;
    assert!(holds(r#"{"user_id":"u1"}"#, data));
    assert!(holds(r#"{"data.lines[0].sku":"a","data[\"a.b\"]":1,"data.$x":2}"#, data));
    assert!(holds(r#"{"properties.lines.0.sku":"a","type":"track"}"#, data), "the common event first, then the item");
    assert!(holds(r#"{"headers.X-Topic":{"$startsWith":"orders/"}}"#, data));
    assert!(holds(r#"{"[\"properties\"].$x":2}"#, data));
}

#[test]
fn a_bare_value_means_eq() {
    assert!(test("5", "5") && test("\"a\"", "\"a\"") && test("true", "true") && test("null", "null"));
    assert!(test("[1,2]", "[1.0,2]") && !test("[2,1]", "[1,2]"));
    assert!(test(r#"{"a":1,"b":[2]}"#, r#"{"$eq":{"b":[2],"a":1.0}}"#));
}

#[test]
fn eq_compares_the_value_and_not_the_spelling() {
    for (a, b) in [
        ("1.10", "1.1"),
        ("1e3", "1000"),
        ("-0", "0"),
        (r#""\u00e9""#, "\"é\""),
        (r#"{"a":1,"a":2}"#, r#"{"$eq":{"a":2}}"#),
    ] {
        assert!(test(a, b), "{a} {b}");
    }
    for (a, b) in [
        ("9007199254740993", "9007199254740992"),
        ("\"1\"", "1"),
        ("true", "\"true\""),
        ("0", "false"),
        ("\"A\"", "\"a\""),
    ] {
        assert!(!test(a, b), "{a} {b}");
        assert!(test(a, &format!(r#"{{"$neq":{b}}}"#)), "{a} {b}");
    }
}

#[test]
fn an_absent_path_is_null_except_to_exist() {
    let absent = |test: &str| holds(&format!(r#"{{"data.none":{test}}}"#), "{}");
    for (operator, value) in [("$eq", "null"), ("$neq", "1"), ("$in", "[1,null]"), ("$nin", "[1]")] {
        let written = format!(r#"{{"{operator}":{value}}}"#);
        assert!(absent(&written) && test("null", &written), "{written}");
    }
    assert!(absent(r#"{"$exist":false}"#) && !absent(r#"{"$exist":true}"#));
    assert!(test("null", r#"{"$exist":true}"#) && !test("null", r#"{"$exist":false}"#));
    for written in ["{\"$gt\":0}", "{\"$lte\":\"\"}", "{\"$startsWith\":\"\"}", "{\"$contains\":null}"] {
        assert!(!absent(written) && !test("null", written), "{written}");
    }
}

#[test]
fn numbers_are_ordered_by_value_and_strings_by_scalar() {
    assert!(test("9007199254740993", r#"{"$gt":9007199254740992}"#));
    assert!(test("0.10000000000000000001", r#"{"$gt":0.1}"#));
    assert!(test("1e400", r#"{"$gt":1e399}"#));
    assert!(
        test("100", r#"{"$gte":1e2,"$lte":100.0}"#) && !test("100", r#"{"$gt":100}"#) && !test("100", r#"{"$lt":100}"#)
    );
    assert!(test("\"b\"", r#"{"$gt":"a"}"#) && test("\"a\"", r#"{"$lt":"aa"}"#) && test("\"B\"", r#"{"$lt":"a"}"#));
    assert!(test("\"\u{10000}\"", "{\"$gt\":\"\u{ffff}\"}"), "UTF-16 orders these the other way");
    assert!(test("\"2026-11-27\"", r#"{"$gte":"2026-11-01"}"#));
    for other in ["\"100\"", "true", "null", "[100]", "{}"] {
        assert!(!test(other, r#"{"$gte":1}"#) && !test(other, r#"{"$lt":1000}"#), "{other}");
    }
}

#[test]
fn contains_looks_into_strings_and_arrays() {
    assert!(test("\"Black shoes\"", r#"{"$contains":"shoe"}"#) && !test("\"Black\"", r#"{"$contains":"black"}"#));
    assert!(test(r#"["vip","eu"]"#, r#"{"$contains":"eu"}"#));
    assert!(!test(r#"["vip","europe"]"#, r#"{"$contains":"eu"}"#), "an item is compared as a whole");
    assert!(test("[1.0]", r#"{"$contains":1}"#) && test("[null]", r#"{"$contains":null}"#));
    assert!(test(r#"[{"id":1}]"#, r#"{"$contains":{"id":1}}"#) && test("[[1]]", r#"{"$contains":[1]}"#));
    assert!(!test("12", r#"{"$contains":"1"}"#) && !test("\"12\"", r#"{"$contains":1}"#));
    assert!(!test(r#"{"eu":1}"#, r#"{"$contains":"eu"}"#));
    assert!(test("\"\"", r#"{"$contains":""}"#) && test("\"abc\"", r#"{"$startsWith":"ab","$endsWith":"bc"}"#));
    assert!(!test("12", r#"{"$startsWith":"1"}"#) && !test("[\"a\"]", r#"{"$startsWith":"a"}"#));
}

#[test]
fn in_compares_an_array_as_a_whole() {
    assert!(test("\"b\"", r#"{"$in":["a","b"]}"#) && !test("\"c\"", r#"{"$in":["a","b"]}"#));
    assert!(test("[1]", r#"{"$in":[[1],2]}"#) && !test("[1]", r#"{"$in":[1]}"#));
    assert!(test("\"c\"", r#"{"$nin":["a","b"]}"#) && !test("1.0", r#"{"$nin":[1]}"#));
}

#[test]
fn and_or_and_not_stand_beside_paths_and_below_them() {
    let data = r#"{"total":5,"plan":"pro","trial":false}"#;
    assert!(holds(r#"{"$or":[{"data.total":{"$gt":10}},{"data.plan":"pro","data.trial":false}]}"#, data));
    assert!(!holds(r#"{"$or":[{"data.total":{"$gt":10}},{"data.plan":"pro","data.trial":true}]}"#, data));
    assert!(holds(r#"{"$and":[{"data.total":5},{"$not":{"data.trial":true}}]}"#, data));
    assert!(holds(r#"{"$not":{"data.total":5,"data.trial":true}}"#, data), "the opposite of all members together");
    assert!(holds(r#"{"data.total":{"$or":[{"$lt":6},{"$gt":10}]}}"#, data));
    assert!(holds(r#"{"data.plan":{"$or":["free","pro"],"$not":"team"}}"#, data));
    assert!(holds(r#"{"data.total":{"$not":{"$gte":6},"$and":[{"$gt":4},{"$lt":6}]}}"#, data));
}

#[test]
fn refusals_name_the_member_and_the_nearest_operator() {
    insta::assert_snapshot!(error(r#"{"data.total":{"$gteq":1}}"#), @r#"when.data.total.$gteq: there is no operator "$gteq"; the nearest is "$gte""#);
    insta::assert_snapshot!(error(r#"{"data.total":{"$regex":"x"}}"#), @r#"when.data.total.$regex: there is no operator "$regex"; there are $eq, $neq, $gt, $gte, $lt, $lte, $in, $nin, $exist, $startsWith, $endsWith, $contains, $and, $or, $not"#);
    insta::assert_snapshot!(error(r#"{"$gt":1}"#), @r#"when.$gt: $gt needs a path before it, as in {"data.total": {"$gte": 100}}"#);
    insta::assert_snapshot!(error(r#"{"$price":1}"#), @r#"when.$price: there is no operator "$price"; there are $eq, $neq, $gt, $gte, $lt, $lte, $in, $nin, $exist, $startsWith, $endsWith, $contains, $and, $or, $not; a member whose name begins with $ is written ["$price"]"#);
    insta::assert_snapshot!(error(r#"{"data":{"total":{"$gte":1}}}"#), @r#"when.data: "total" is no operator; for a member inside write its path as the key ("data.total"), for a whole object {"$eq": {…}}"#);
    insta::assert_snapshot!(error(r#"{"data.a..b":1}"#), @r#"when.data.a..b: an empty name at character 8 of the path "data.a..b"; write paths like data.items[0].sku or ["a.b"].c"#);
    insta::assert_snapshot!(error("[]"), @r#"when: it is an array; expected a filter, such as {"data.total": {"$gte": 100}}"#);
    insta::assert_snapshot!(error("\"data.total > 5\""), @r#"when: it is a string; expected a filter, such as {"data.total": {"$gte": 100}}"#);
    insta::assert_snapshot!(error("{}"), @r#"when: it is an empty object; expected a filter, such as {"data.total": {"$gte": 100}}"#);
    insta::assert_snapshot!(error(r#"{"data.a":{}}"#), @r#"when.data.a: it is an empty object; expected a value, or operators such as {"$gte": 100}"#);
    insta::assert_snapshot!(error(r#"{"$or":{"data.a":1}}"#), @"when.$or: it is an object; expected an array of at least one item");
    insta::assert_snapshot!(error(r#"{"$or":[]}"#), @"when.$or: it is an empty array; expected an array of at least one item");
    insta::assert_snapshot!(error(r#"{"$or":[{"data.a":1},7]}"#), @r#"when.$or[1]: it is a number; expected a filter, such as {"data.total": {"$gte": 100}}"#);
    insta::assert_snapshot!(error(r#"{"$not":[{"data.a":1}]}"#), @r#"when.$not: it is an array; expected a filter, such as {"data.total": {"$gte": 100}}"#);
    insta::assert_snapshot!(error(r#"{"data.a":{"$in":"x"}}"#), @"when.data.a.$in: it is a string; expected an array of at least one item");
    insta::assert_snapshot!(error(r#"{"data.a":{"$gt":true}}"#), @"when.data.a.$gt: it is a boolean; expected a number or a string");
    insta::assert_snapshot!(error(r#"{"data.a":{"$exist":"yes"}}"#), @"when.data.a.$exist: it is a string; expected true or false");
    insta::assert_snapshot!(error(r#"{"data.a":{"$startsWith":1}}"#), @"when.data.a.$startsWith: it is a number; expected a string");
    insta::assert_snapshot!(error(r#"{"data.a":1,"data.a":2}"#), @"when: it names a member twice; put both conditions into $and");
    insta::assert_snapshot!(error("{"), @"when: it is not valid JSON: EOF while parsing an object at line 1 column 1");
}

#[test]
fn a_condition_is_bounded() {
    let values = |count: usize| vec!["1"; count].join(",");
    assert!(Condition::parse(&format!(r#"{{"data.a":{{"$in":[{}]}}}}"#, values(1000))).is_ok());
    insta::assert_snapshot!(error(&format!(r#"{{"data.a":{{"$in":[{}]}}}}"#, values(1001))), @"when: it has more than 1000 terms (tests, values of $in, branches); split it over several mappings");
    let branches = vec![r#"{"data.a":1}"#; 501].join(",");
    assert!(
        error(&format!(r#"{{"$or":[{branches}]}}"#)).contains("more than 1000 terms"),
        "a branch and its test count"
    );
    let members: Vec<String> = (0..10_000).map(|n| format!(r#""data.a{n}":1"#)).collect();
    assert!(error(&format!("{{{}}}", members.join(","))).contains("more than 1000 terms"));
    let nots =
        |levels: usize| format!(r#"{}{{"data.a":1}}{}"#, r#"{"$not":"#.repeat(levels - 1), "}".repeat(levels - 1));
    assert!(Condition::parse(&nots(32)).is_ok());
    insta::assert_snapshot!(error(&nots(33)), @"when: it is nested deeper than 32 levels; send a flatter object");
    assert!(error(&nots(200)).contains("nested deeper than 32 levels"));
    assert!(error(&nots(100_000)).contains("nested deeper than 32 levels"));
    assert!(error(&format!(r#"{{"data.a":{}1{}}}"#, "[".repeat(200), "]".repeat(200))).contains("nested deeper"));
}

#[test]
fn the_reason_names_the_first_clause_that_does_not_hold() {
    let failure = |when: &str, data: &str| {
        let data = ByteString::from(data);
        let scope = Scope { user_id: None, data: &data, item: "{}", headers: None, hints: None, vars: None };
        Condition::parse(when).unwrap().failure(scope).unwrap()
    };
    insta::assert_snapshot!(failure(r#"{"data.plan":"pro","data.total":{"$gte": 100}}"#, r#"{"plan":"pro","total":5}"#), @"`data.total` $gte 100 does not hold: the path finds a number");
    insta::assert_snapshot!(failure(r#"{"data.totl":{"$gte":100}}"#, r#"{"total":500}"#), @"`data.totl` $gte 100 does not hold: the path finds nothing; there is `data.total`");
    insta::assert_snapshot!(failure(r#"{"$or":[{"data.a":1},{"data.b":1}]}"#, "{}"), @"no branch of its `$or` holds");
    insta::assert_snapshot!(failure(r#"{"$not":{"data.a":1}}"#, r#"{"a":1}"#), @"what its `$not` excludes is so");
    insta::assert_snapshot!(failure(r#"{"$and":[{"data.a":1},{"data.b":1}]}"#, "{}"), @"not all branches of its `$and` hold");
    insta::assert_snapshot!(failure(&format!(r#"{{"data.a":"{}"}}"#, "é".repeat(100)), "{}"), @r#"`data.a` $eq "ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé… does not hold: the path finds nothing; no path is near it"#);
}

/// A JSON text of few values, so that equal ones are frequent.
fn value() -> impl Strategy<Value = String> {
    let leaf =
        prop_oneof![Just("null".to_owned()), Just("true".to_owned()), "-?[0-2](\\.[05]0?)?(e[0-1])?", "\"[ab]{0,2}\"",];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(json::array),
            prop::collection::vec(("[ab]", inner), 0..3)
                .prop_map(|members| json::object(members.iter().map(|(key, value)| (key, value.as_str())))),
        ]
    })
}

fn data() -> impl Strategy<Value = String> {
    prop::collection::vec(("[xyz]", value()), 0..3)
        .prop_map(|members| json::object(members.iter().map(|(key, value)| (key, value.as_str()))))
}

/// A filter of tests and logic.
fn filter() -> impl Strategy<Value = String> {
    let operand = prop_oneof![
        (prop::sample::select(vec!["$eq", "$neq", "$contains"]), value()),
        (prop::sample::select(vec!["$gt", "$gte", "$lt", "$lte"]), "-?[0-2](\\.5)?|\"[ab]\"".prop_map(|text| text)),
        (prop::sample::select(vec!["$in", "$nin"]), prop::collection::vec(value(), 1..3).prop_map(json::array)),
        (Just("$exist"), prop_oneof![Just("true".to_owned()), Just("false".to_owned())]),
        (prop::sample::select(vec!["$startsWith", "$endsWith"]), "\"[ab]?\""),
    ];
    let test =
        ("[xyz]", operand).prop_map(|(path, (name, operand))| format!(r#"{{"data.{path}":{{"{name}":{operand}}}}}"#));
    test.prop_recursive(3, 12, 3, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..3).prop_map(json::array);
        prop_oneof![
            list().prop_map(|list| format!(r#"{{"$and":{list}}}"#)),
            list().prop_map(|list| format!(r#"{{"$or":{list}}}"#)),
            inner.clone().prop_map(|filter| format!(r#"{{"$not":{filter}}}"#)),
        ]
    })
}

/// Any JSON, with the names of operators and forms in it.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![value(), "\"[a-z.\\[\\]{} $|]{0,10}\"", "-?[0-9]{1,30}(\\.[0-9]{1,3})?(e-?[0-9]{1,12})?"];
    let key = prop_oneof![
        prop::sample::select(operator::NAMES.to_vec()).prop_map(str::to_owned),
        "(data|user_id|item)?[.a\\[\\]$]{0,4}",
        prop::sample::select(vec!["$first", "$default", "$template", "$each", "$as", "$lookup", "$in", "value"])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(json::array),
            prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|members| json::object(members.iter().map(|(key, value)| (key, value.as_str())))),
        ]
    })
}

proptest! {
    #[test]
    fn de_morgan(a in filter(), b in filter(), data in data()) {
        let not_and = format!(r#"{{"$not":{{"$and":[{a},{b}]}}}}"#);
        let or_not = format!(r#"{{"$or":[{{"$not":{a}}},{{"$not":{b}}}]}}"#);
        prop_assert_eq!(holds(&not_and, &data), holds(&or_not, &data));
        let not_or = format!(r#"{{"$not":{{"$or":[{a},{b}]}}}}"#);
        let and_not = format!(r#"{{"$and":[{{"$not":{a}}},{{"$not":{b}}}]}}"#);
        prop_assert_eq!(holds(&not_or, &data), holds(&and_not, &data));
        prop_assert_ne!(holds(&a, &data), holds(&format!(r#"{{"$not":{a}}}"#), &data));
    }

    #[test]
    fn in_is_or_of_eq(values in prop::collection::vec(value(), 1..4), data in data()) {
        let list = json::array(&values);
        let each = json::array(values.iter().map(|value| format!(r#"{{"data.x":{{"$eq":{value}}}}}"#)));
        let any = holds(&format!(r#"{{"$or":{each}}}"#), &data);
        prop_assert_eq!(holds(&format!(r#"{{"data.x":{{"$in":{list}}}}}"#), &data), any);
        prop_assert_ne!(holds(&format!(r#"{{"data.x":{{"$nin":{list}}}}}"#), &data), any);
    }

    #[test]
    fn every_value_equals_itself_and_neq_is_the_opposite(a in value(), b in value()) {
        let eq = |value: &str, operand: &str| test(value, &format!(r#"{{"$eq":{operand}}}"#));
        prop_assert!(eq(&a, &a));
        prop_assert_eq!(eq(&a, &b), eq(&b, &a));
        prop_assert_ne!(eq(&a, &b), test(&a, &format!(r#"{{"$neq":{b}}}"#)));
    }

    /// Two values of one event that share look-ups are judged as each alone.
    #[test]
    fn sharing_look_ups_changes_nothing(filters in prop::collection::vec(filter(), 1..5), data in data()) {
        let conditions: Vec<Condition> = filters.iter().map(|filter| Condition::parse(filter).unwrap()).collect();
        let text = ByteString::from(data.as_str());
        let item = json::object([("properties", data.as_str()), ("type", "\"track\"")]);
        let mut values = Values::new(Scope { user_id: Some("u1"), data: &text, item: &item, headers: None, hints: None, vars: None });
        for (condition, filter) in conditions.iter().zip(&filters) {
            prop_assert_eq!(condition.check(&mut values).is_ok(), holds(filter, &data), "{}", filter);
        }
    }

    #[test]
    fn no_json_makes_a_condition_panic(when in any_json(), data in data()) {
        if Condition::parse(&when).is_ok() {
            holds(&when, &data);
        }
    }

    #[test]
    fn no_json_makes_parameters_panic(parameter in any_json(), data in data()) {
        let parameters = format!(r#"{{"key":"k","data":{{"it":{parameter}}},"recipients":{parameter}}}"#);
        if let Ok(action) = crate::actions::parse_action("workflows_trigger", &parameters) {
            let data = ByteString::from(data);
            let scope = Scope { user_id: None, data: &data, item: &data, headers: None, hints: None, vars: None };
            let mut resolver = crate::actions::Resolver::new(scope);
            let is_resolved = action.resolve(&mut resolver).is_ok();
            let log = resolver.into_log(is_resolved);
            prop_assert!(json::check(&log.payload, 1000).is_ok(), "{}", log.payload);
            prop_assert!(json::check(&log.found_in, 1000).is_ok(), "{}", log.found_in);
        }
    }
}
