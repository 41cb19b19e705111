use user_hub_derive::Event;

#[derive(Event)]
#[event(name = "A", state)]
struct OnField {
    #[event(key)]
    id: u32,
}

#[derive(Event)]
#[event(name = "A", state)]
enum OnVariant {
    #[event(name = "ONE")]
    One,
    Two {
        #[event(key)]
        id: u32,
    },
}

#[derive(Event)]
#[event(name = "A", state(key = id))]
union Union {
    id: u32,
}

fn main() {}
