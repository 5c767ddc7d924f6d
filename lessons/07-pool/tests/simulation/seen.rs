//! What a reader knows of one answer.

/// One answer, as far as it has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Where its first byte is.
    pub(crate) start: usize,
    /// Behind its last byte.
    pub(crate) end: Option<usize>,
    pub(crate) code: u16,
    pub(crate) says: Says,
    pub(crate) length: Option<u64>,
    pub(crate) is_chunked: bool,
    /// Only the end of the connection ends it.
    pub(crate) is_open: bool,
    pub(crate) has_body: bool,
    /// The request that the application says it has answered.
    pub(crate) marker: Option<usize>,
    pub(crate) body: Vec<u8>,
    /// How many `100 Continue` came before it.
    pub(crate) goes: usize,
    pub(super) dates: usize,
    pub(super) servers: usize,
    pub(super) fields: usize,
}

/// What an answer says about the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Says {
    #[default]
    Nothing,
    Stay,
    Close,
    Upgrade,
}
