//! Choices that a seed repeats.

/// Numbers that look random and follow from a seed alone: the same on every machine and with every version of the crate.
///
/// SplitMix64. For tests only: who has seen some of the numbers knows the next.
///
/// ```
/// use user_hub::testing::Random;
///
/// let (mut one, mut other) = (Random::new(7), Random::new(7));
/// assert_eq!(one.below(100), other.below(100));
/// let symbol = one.pick(&["BTC", "ETH", "SOL"]);
/// assert!(["BTC", "ETH", "SOL"].contains(symbol));
/// ```
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Begins at a seed; each seed is as good as any other.
    ///
    /// ```
    /// let random = user_hub::testing::Random::new(7);
    /// ```
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    ///
    /// ```
    /// assert_eq!(user_hub::testing::Random::new(0).bits(), 0xe220_a839_7b1d_cdaf);
    /// ```
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0, below `end`; 0 if `end` is 0.
    ///
    /// ```
    /// assert!(user_hub::testing::Random::new(7).below(6) < 6);
    /// assert_eq!(user_hub::testing::Random::new(7).below(0), 0);
    /// ```
    pub const fn below(&mut self, end: usize) -> usize {
        // The upper half of the product: no remainder, and so small an inequality that no test sees it.
        ((self.bits() as u128 * end as u128) >> 64) as usize
    }

    /// True once in so many times; never if that is 0.
    ///
    /// ```
    /// assert!(user_hub::testing::Random::new(7).one_in(1));
    /// assert!(!user_hub::testing::Random::new(7).one_in(0));
    /// ```
    pub const fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0 && times > 0
    }

    /// One of several.
    ///
    /// # Panics
    /// If there is none.
    ///
    /// ```
    /// assert_eq!(user_hub::testing::Random::new(7).pick(&["alice"]), &"alice");
    /// ```
    #[track_caller]
    pub fn pick<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        assert!(!choices.is_empty(), "there is nothing to pick from");
        &choices[self.below(choices.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_split_mix_64() {
        // The reference values of the algorithm for the seed 1234567.
        let mut random = Random::new(1_234_567);
        let numbers = [(); 5].map(|()| random.bits());
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ]
        );
    }

    #[test]
    fn each_choice_comes_about_as_often_as_another() {
        let mut random = Random::new(0);
        let mut counts = [0_u32; 7];
        (0..70_000).for_each(|_| counts[random.below(7)] += 1);
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
        let hits = (0..10_000).filter(|_| random.one_in(10)).count();
        assert!((900..1_100).contains(&hits), "{hits}");
    }
}
