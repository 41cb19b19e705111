// What the generated types say of the event types, and what follows from it for whoever listens: names, records,
// handlers.
//
// Nothing here is there at run time.
export {};
