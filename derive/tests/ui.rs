//! Every mistake is told where it stands, in words that say what is allowed.

#[test]
fn mistakes() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
