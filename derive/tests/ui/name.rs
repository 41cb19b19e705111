use user_hub_derive::Event;

#[derive(Event)]
#[event(name = "", log)]
struct Empty;

#[derive(Event)]
#[event(name = "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX", log)]
struct TooLong;

#[derive(Event)]
#[event(name = "a name", log)]
struct Space;

#[derive(Event)]
#[event(name = "GRÜSSE", log)]
struct NotAscii;

#[derive(Event)]
#[event(name = "GAP", log)]
struct Reserved;

fn main() {}
