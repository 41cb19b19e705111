//! Domain services that know an [`EventSink`] and no web framework: that this compiles is the test.
