use user_hub_derive::Event;

#[derive(Event)]
#[event(name = "A", state(key = order_ident, version = updated))]
struct NoSuchField {
    order_id: u32,
    updated_at: u32,
}

#[derive(Event)]
#[event(name = "A", state(expires = at))]
struct NoFieldsAtAll {}

#[derive(Event)]
#[event(name = "A", state(key = id))]
struct Tuple(u32);

#[derive(Event)]
#[event(name = "A", state(key = 0))]
struct TupleIndex(u32);

#[derive(Event)]
#[event(name = "A", state(version = at))]
enum Enumeration {
    One { at: u32 },
}

#[derive(Event)]
#[event(name = "A", state(key = "id", version))]
struct Quoted {
    id: u32,
}

#[derive(Event)]
#[event(name = "A", state(key = order.id))]
struct Dotted {
    order: u32,
}

#[derive(Event)]
#[event(name = "A", state(final_when = is_final))]
struct CallsItself;

fn main() {}
