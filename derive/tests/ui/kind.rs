use user_hub_derive::Event;

#[derive(Event)]
struct NothingSaid;

#[derive(Event)]
#[event]
struct NoParentheses;

#[derive(Event)]
#[event()]
struct NeitherNameNorKind;

#[derive(Event)]
#[event(name = "A")]
struct NoKind;

#[derive(Event)]
#[event(log)]
struct NoName;

#[derive(Event)]
#[event(name = "A", log, state)]
struct BothKinds;

#[derive(Event)]
#[event(name = "A", log(key = id))]
struct LogWithOptions {
    id: u32,
}

#[derive(Event)]
#[event(name = "A", log, state(key = id))]
struct LogAndStateOptions {
    id: u32,
}

#[derive(Event)]
#[event(name = "A", log, key = id)]
struct KeyOutsideOfState {
    id: u32,
}

#[derive(Event)]
#[event(name = "A", state = id)]
struct StateWithoutParentheses {
    id: u32,
}

fn main() {}
