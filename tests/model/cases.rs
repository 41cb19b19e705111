//! What plausible readings of the rules get wrong.
