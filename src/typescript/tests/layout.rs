//! Types, read and laid out again.

use crate::typescript::layout::{declaration, flat};
use crate::typescript::syntax::read;

fn again(text: &str) -> String {
    flat(&read(text).unwrap())
}

#[test]
fn what_is_read_is_written_in_one_style() {
    for (read, written) in [
        ("{ a: number, b?: string | null, }", "{ a: number; b?: string | null }"),
        ("{  }", "{}"),
        (r#"{ "a": 1, "b c": 2, "ß": 3 }"#, r#"{ a: 1; "b c": 2; ß: 3 }"#),
        ("Array<{ [key in K]?: V }>", "Array<{ [key in K]?: V }>"),
        ("[A,B , ]", "[A, B]"),
        ("{ Ok : A } | { Err : B }", "{ Ok: A } | { Err: B }"),
        ("A&B|(string & {})", "A & B | (string & {})"),
        ("(a: string, ...b: C[]) => void", "(a: string, ...b: C[]) => void"),
        (r#"import("./x").Y<Z["w"]>"#, r#"import("./x").Y<Z["w"]>"#),
        ("readonly string[]", "readonly string[]"),
        ("-1.5", "-1.5"),
        ("`a-${string}`", "`a-${string}`"),
    ] {
        assert_eq!(again(read), written);
        assert_eq!(again(written), written);
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_a_reason() {
    for (text, why) in [
        ("{ a: number", "a `{` has no `}`"),
        ("{ a: (number }", "a `(` has no `)`"),
        ("number }", "`}` closes nothing"),
        (r#""no end"#, "a text does not end"),
        (r#""say "hi"""#, "goes on behind its quote"),
        (r#""back\slash""#, "has a backslash or a line break"),
        ("\"two\nlines\"", "has a backslash or a line break"),
        ("/** no end", "a comment does not end"),
        ("// line", "`/` begins no documentation"),
        ("a @ b", "`@` is no part of a type"),
    ] {
        let fault = read(text).unwrap_err();
        assert!(fault.contains(why), "{text}: {fault}");
    }
}

#[test]
fn one_object_is_an_interface_and_anything_else_a_type() {
    let declared = |text: &str| declaration("X", &[], &read(text).unwrap());
    assert_eq!(declared("{ a: A, b: { c: C } }"), "export interface X {\n  a: A;\n  b: { c: C };\n}\n");
    assert_eq!(declared("{}"), "export interface X {}\n");
    assert_eq!(declared("{ [key in K]: V }"), "export type X = { [key in K]: V };\n");
    assert_eq!(declared("{ a: A } & B"), "export type X = { a: A } & B;\n");
    assert_eq!(declared("string"), "export type X = string;\n");
}

#[test]
fn what_is_too_long_or_documented_takes_several_lines() {
    let declared = |text: &str| declaration("X", &[], &read(text).unwrap());
    let long = ["a", "b", "c"].map(|letter| format!("\"{}\"", letter.repeat(50)));
    let [a, b, c] = &long;
    assert_eq!(declared(&long.join(" | ")), format!("export type X =\n  | {a}\n  | {b}\n  | {c};\n"));
    assert_eq!(
        declared("{ kind: \"a\", \n/**\n * How far.\n */\nat: number, } | { kind: \"b\" }"),
        "export type X =\n  | {\n    kind: \"a\";\n    /** How far. */\n    at: number;\n  }\n  | { kind: \"b\" };\n"
    );
    assert_eq!(
        declared("{ a: Array<{ \n/**\n * B.\n */\nb: B, }>, }"),
        "export interface X {\n  a: Array<{\n    /** B. */\n    b: B;\n  }>;\n}\n"
    );
}

#[test]
fn documentation_ends_where_it_ended_in_rust() {
    let text = "{ \n/**\n * All of **/*.rs.\n * Yes.\n */\na: A, \n/** Of a\n block: */ or\n so. */\nb: B, }";
    let declared = declaration("X", &[], &read(text).unwrap());
    assert!(declared.contains("  /**\n   * All of **\\/*.rs.\n   * Yes.\n   */\n  a: A;\n"), "{declared}");
    assert!(declared.contains("block: *\\/ or") && declared.ends_with("  b: B;\n}\n"), "{declared}");
}
