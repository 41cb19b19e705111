use user_hub_derive::Event;

#[derive(Event)]
#[event(name = "A", log, publik)]
struct Unknown;

#[derive(Event)]
#[event(name = "A", kind = "state", log, 7, field = "a")]
struct UnknownWithValueAndNoWordAtAll;

#[derive(Event)]
#[event(name = "A", state(key = id, final = over, keyy = id))]
struct UnknownInState {
    id: u32,
}

#[derive(Event)]
#[event(name = "A", log, public, name = "B")]
#[event(public)]
struct Repeated;

#[derive(Event)]
#[event(name = "A", state(key = id, key = id))]
struct RepeatedInState {
    id: u32,
}

#[derive(Event)]
#[event(name = "A", state, state)]
struct RepeatedKind;

#[derive(Event)]
#[event(name = A, field, log)]
struct NoText;

#[derive(Event)]
#[event(name = "A", field = "", log)]
struct EmptyField;

#[derive(Event)]
#[event(name = "A", log, public = true)]
struct PublicWithValue;

#[derive(Event)]
#[event(name = "A", log, crate = "user_hub")]
struct QuotedPath;

#[derive(Event)]
#[event(name = "A" log)]
struct NoComma;

fn main() {}
