//! Documentation on its way from Rust to TypeScript.

use crate::typescript::comment::comment;

fn said(documentation: &str) -> String {
    let lines: Vec<String> = documentation.lines().map(str::to_owned).collect();
    comment(&lines, "")
}

#[test]
fn one_line_is_one_line_and_several_are_several() {
    assert_eq!(said("How it stands."), "/** How it stands. */\n");
    assert_eq!(said("How it stands.\n\nIt changes."), "/**\n * How it stands.\n *\n * It changes.\n */\n");
    assert_eq!(comment(&["How it stands.".into()], "  "), "  /** How it stands. */\n");
    assert_eq!(said(""), "");
    assert_eq!(said("\n\n"), "");
}

#[test]
fn examples_in_rust_stay_behind_and_others_come_along() {
    for fence in ["", "rust", "no_run", "should_panic,edition2024", "ignore", "compile_fail,E0277", "rust,custom"] {
        assert_eq!(
            said(&format!("A.\n\n```{fence}\nlet a = 1;\n```\n\nB.")),
            "/**\n * A.\n *\n * B.\n */\n",
            "{fence}"
        );
    }
    assert_eq!(said("A.\n\n    let a = 1;"), "/** A. */\n");
    assert_eq!(said("A.\n\n```\nlet a = 1;"), "/** A. */\n", "a block that nobody closes");
    for fence in ["json", "ts", "text", "sh"] {
        let example = format!("A.\n\n```{fence}\n[1]\n```");
        assert_eq!(said(&example), format!("/**\n * A.\n *\n * ```{fence}\n * [1]\n * ```\n */\n"));
    }
}

#[test]
fn a_heading_stays_where_something_stands_below_it() {
    assert_eq!(said("A.\n\n# Examples\n\n```\nlet a = 1;\n```"), "/** A. */\n");
    assert_eq!(said("# A\n## Examples\n```\n1\n```\n# B\nb"), "/**\n * # B\n * b\n */\n");
    assert_eq!(said("# A\n## B\nb"), "/**\n * # A\n * ## B\n * b\n */\n");
}

#[test]
fn links_to_rust_are_plain_text_and_links_out_stay() {
    for (rust, plain) in [
        ("[`Mode::Ultra`](super::Mode::Ultra)", "`Mode::Ultra`"),
        ("[the mode](super::Mode)", "the mode"),
        ("[`Mode`]", "`Mode`"),
        ("[Mode]", "Mode"),
        ("[mode::Mode]", "mode::Mode"),
        ("[the mode][Mode]", "the mode"),
        ("[the *one* mode](Mode)", "the *one* mode"),
        ("see [the guide](../guide.html#top), please", "see the guide, please"),
        ("[the mode][m]\n\n[m]: super::Mode", "the mode"),
        ("[site](https://example.com)", "[site](https://example.com)"),
        ("<https://example.com>", "<https://example.com>"),
        ("a value in [0, 1)", "a value in [0, 1)"),
        ("`a[Mode]` and `[x](y)`", "`a[Mode]` and `[x](y)`"),
        ("- [x] done", "- [x] done"),
        ("[](Mode)!", "!"),
    ] {
        assert_eq!(said(rust), format!("/** {plain} */\n"), "{rust}");
    }
}

#[test]
fn nothing_ends_the_comment_early() {
    assert_eq!(said("All of `src/**/*.rs` */ here"), "/** All of `src/**\\/*.rs` *\\/ here */\n");
}
