//! The users that rows become.

use inlet_system_tests::Server;
use serde_json::json;

use super::{Importer, MANY, all_ids, expect_many, many_csv};

#[tokio::test]
async fn many_users_of_a_csv_file_are_identified() {
    let server = Server::start().await;
    let importer = Importer::of(&server).await;
    importer.file("users.csv", many_csv());
    let run = importer.run(&["users.csv", "--types", "number=number"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.stdout, "users.csv: 25000 identified, 0 failed\n");
    assert!(!importer.path("users.csv.import-progress").exists(), "nothing is left");
    expect_many(&server, &importer.key).await;
    let (_, user) = server.get_with_key(&importer.key, "/v1/users/u_24999").await;
    assert_eq!((&user["name"], &user["number"]), (&json!("User 24999"), &json!(24999)));
}

#[tokio::test]
async fn many_users_of_an_ndjson_file_are_identified() {
    let server = Server::start().await;
    let importer = Importer::of(&server).await;
    let lines = (0..MANY).map(|n| format!("{{\"id\":\"u_{n}\",\"n\":{n},\"address\":{{\"city\":\"Bonn\"}}}}\n"));
    importer.file("users.ndjson", lines.collect::<String>());
    let run = importer.run(&["users.ndjson"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.stdout, "users.ndjson: 25000 identified, 0 failed\n");
    expect_many(&server, &importer.key).await;
    let (_, user) = server.get_with_key(&importer.key, "/v1/users/u_7").await;
    assert_eq!((&user["n"], &user["address"]), (&json!(7), &json!({"city": "Bonn"})));
}

#[tokio::test]
async fn an_export_of_a_database_keeps_every_digit_and_every_line_break() {
    let server = Server::start().await;
    let importer = Importer::of(&server).await;
    let csv = "\u{feff}id,name,zip,address.city,balance,active,tags,created_at,note\r\n\
        007,\"Ana, \"\"A\"\"\",01234,Köln,9007199254740993.10,t,\"[\"\"a\"\",1.10]\",2026-01-02 03:04:05+00,\"first\r\nsecond\"\r\n\
        \r\n8,Bo,,\\N,,f,,,\r\n";
    importer.file("export.csv", csv);
    let types = ["--types", "balance=number,active=boolean", "--types", "tags=json", "--null", "\\N"];
    let run = importer.run(&[&["export.csv"], &types[..]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    let path = format!("{}/v1/users/007", server.admin);
    let answer = server.client.get(path).bearer_auth(&importer.key).send().await.unwrap().text().await.unwrap();
    for member in [
        r#""name":"Ana, \"A\"""#,
        r#""zip":"01234""#,
        r#""address":{"city":"Köln"}"#,
        r#""balance":9007199254740993.10"#,
        r#""active":true"#,
        r#""tags":["a",1.10]"#,
        r#""note":"first\r\nsecond""#,
    ] {
        assert!(answer.contains(member), "{member}: {answer}");
    }
    assert!(answer.contains(r#""created_at":"2026-01-02"#), "{answer}");
    let (_, user) = server.get_with_key(&importer.key, "/v1/users/8").await;
    assert_eq!((&user["name"], &user["active"]), (&json!("Bo"), &json!(false)));
    for absent in ["zip", "address", "balance", "tags", "note"] {
        assert!(user.get(absent).is_none(), "{absent}: {user}");
    }
}

#[tokio::test]
async fn a_bad_row_fails_alone_and_is_named_by_its_line() {
    let server = Server::start().await;
    let importer = Importer::of(&server).await;
    // The size of a user counts together with what is stored already, which only the server knows.
    let half = "p".repeat(150 * 1024);
    importer.file("first.ndjson", format!("{}\n", json!({"id": "large", "first": half})));
    assert_eq!(importer.run(&["first.ndjson"]).code, 0);
    let large = json!({"id": "large", "second": half});
    importer.file(
        "users.ndjson",
        format!(
            "{{\"id\":\"a\"}}\n{{\"id\":\"b/c\"}}\n{{\"id\":\"d\"\n\n{large}\n{{\"id\":\"e\",\"email\":7}}\n[]\n{{\"id\":8}}"
        ),
    );
    let run = importer.run(&["users.ndjson"]);
    insta::assert_snapshot!(run.text(), @r#"
    1
    users.ndjson: 2 identified, 5 failed
    importing users
    line 2: the id holds a slash, which no id may hold
    line 3: it is not valid JSON: EOF while parsing an object at column 9
    line 6: email: it is a number; expected a string or null
    line 7: it is an array; expected an object with an id
    line 5: "large": the custom properties of "large" would take 307224 bytes; at most 262144 are allowed
    "#);
    let mut ids = all_ids(&server, &importer.key).await;
    ids.sort_unstable();
    assert_eq!(ids, ["8", "a", "large"]);

    importer.file("users.csv", "id,name\n1,Ana\n2\n3,\"a\nb\",c\n4,\u{7}\n5#,E\n\"6\",F\n");
    insta::assert_snapshot!(importer.run(&["users.csv"]).text(), @"
    1
    users.csv: 3 identified, 3 failed
    importing users
    line 3: it has 1 cells; expected 2, one for each column of the header
    line 4: it has 3 cells; expected 2, one for each column of the header
    line 7: the id holds a number sign, which no id may hold
    ");
    assert_eq!(all_ids(&server, &importer.key).await.len(), 6);
}

#[tokio::test]
async fn a_dry_run_checks_every_row_and_sends_nothing() {
    let server = Server::start().await;
    let mut importer = Importer::of(&server).await;
    let padding = "p".repeat(257 * 1024);
    let rows = format!("id,name,p\nu_1,Ana,\nu/2,Bo,\nu_3,C,{padding}\nu_1,D,\n");
    let more: String = (10..1500).map(|n| format!("u_{n},,\n")).collect();
    importer.file("users.csv", format!("{rows}{more}u_1,,\n"));
    importer.key = "of nobody".to_owned();
    insta::assert_snapshot!(importer.run(&["users.csv", "--dry-run"]).text(), @r#"
    1
    users.csv: 1493 good, 2 bad, 2 with an id that came before; nothing was sent
    line 3: the id holds a slash, which no id may hold
    line 4: the custom properties of "u_3" would take 263176 bytes; at most 262144 are allowed
    line 5: "u_1": the id came on line 2 too; later rows are merged over earlier ones
    line 1496: "u_1": the id came on an earlier line too; later rows are merged over earlier ones
    "#);
    assert!(!importer.path("users.csv.import-progress").exists());
    importer.file("good.csv", "id\n1\n2\n");
    insta::assert_snapshot!(importer.run(&["good.csv", "--dry-run"]).text(), @"
    0
    good.csv: 2 good, 0 bad, 0 with an id that came before; nothing was sent
    ");
    assert_eq!(server.logs("$api").await.len(), 0);
}

#[tokio::test]
async fn what_cannot_be_imported_says_what_to_do() {
    let server = Server::start().await;
    let mut importer = Importer::of(&server).await;
    let files: [(&str, &[u8]); 8] = [
        ("empty.csv", b""),
        ("empty.ndjson", b"\xef\xbb\xbf"),
        ("header.csv", b"id,name\r\n"),
        ("names.csv", b"user_id,name\n1,Ana\n"),
        ("excel.csv", b"\xff\xfei\0d\0\n\0"),
        ("latin.csv", b"id,name\n1,K\xf6ln\n2,Bonn\n"),
        ("array.json", b"[{\"id\": 1}]"),
        ("users.txt", b"id\n1\n"),
    ];
    let mut said = String::new();
    for (name, bytes) in files {
        importer.file(name, bytes);
        said.push_str(&format!("{name}: {}\n", importer.run(&[name]).text()));
    }
    insta::assert_snapshot!(said, @r#"
    empty.csv: 1
    inlet: empty.csv: it is empty; expected users

    empty.ndjson: 0
    empty.ndjson: 0 identified, 0 failed
    importing users

    header.csv: 0
    header.csv: 0 identified, 0 failed
    importing users

    names.csv: 1
    inlet: names.csv: no column is named "id"; found user_id, name: name the column of the users' ids "id"

    excel.csv: 1
    inlet: excel.csv: it is UTF-16; expected UTF-8: save or export it as UTF-8

    latin.csv: 1
    latin.csv: 1 identified, 1 failed
    importing users
    line 2: name is not UTF-8; export the file as UTF-8

    array.json: 1
    inlet: array.json: it is one JSON array; expected one object on each line: jq -c '.[]' FILE | inlet user import - --format ndjson

    users.txt: 1
    inlet: the name "users.txt" does not tell the format; add --format csv or --format ndjson
    "#);
    insta::assert_snapshot!(importer.run(&["none.csv"]).text(), @"
    1
    inlet: cannot read none.csv: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(importer.run(&["users.txt", "--format", "csv", "--types", "idd=number"]).text(), @r#"
    1
    inlet: users.txt: --types names "idd", which is no column; the nearest is "id"
    "#);
    assert_eq!(importer.run(&["users.txt", "--format", "csv"]).code, 0);

    importer.file("users.csv", "id\n1\n");
    let key = importer.key.clone();
    importer.key = inlet_system_tests::MANAGEMENT_TOKEN.to_owned();
    insta::assert_snapshot!(importer.run(&["users.csv"]).text(), @"
    77
    importing users
    inlet: users.csv: stopped behind line 1, after 0 identified and 0 failed: this is the management token; here an environment's key (sk_…) is needed, which `inlet key create --env ENV` makes
    ");
    importer.key = String::new();
    insta::assert_snapshot!(importer.run(&["users.csv"]).text(), @"
    77
    inlet: there is no environment's key; set INLET_API_KEY, or name a file with --key-file (`inlet key create` makes one)
    ");
    importer.key = key;
    assert_eq!(importer.run(&["users.csv"]).code, 0, "nothing was done before");
}
