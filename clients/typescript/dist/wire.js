// Generated from Rust by user-hub; do not edit. To make it again: USER_HUB_WRITE=1 cargo test --all-features --test typescript
export {};
