//! What a hub counts.

/// A snapshot of what a hub counts; cheap to take.
///
/// ```
/// let hub = user_hub::UserHub::new();
/// let _device = hub.connect("alice")?;
/// let stats = hub.stats();
/// assert_eq!((stats.connections, stats.users, stats.rejected), (1, 1, 0));
/// # Ok::<(), user_hub::ConnectError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Open connections.
    pub connections: usize,
    /// Users with at least one connection.
    pub users: usize,
    /// Users with a mailbox, connected or not.
    pub mailboxes: usize,
    /// What all logs weigh together, in bytes.
    pub bytes: usize,
    /// Broadcasts that were refused since the hub was made.
    pub rejected: u64,
}
