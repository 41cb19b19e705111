//! Numbers with few decimals, as most are that people look at: prices, profits, shares.
//!
//! Invariant: the text is the shortest that reads as this number, which is what `zmij` writes of any number. It is:
//! no two decimals of up to 15 digits read as the same `f64`, so one of them that does is the only one of its length, and
//! without zeros at its end there is none that is shorter.
//!
//! Of any number the shortest text takes multiplications of 128 bits, and tables that are seldom in the cache; for these
//! one division tells. A payload with a dozen of them is encoded in half the time.

/// A number with four decimals at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShortDecimal {
    is_negative: bool,
    /// So many ten thousandths.
    units: u64,
}

const UNITS: u64 = 10_000;
/// 15 digits, the four decimals among them.
const TOO_MANY: u64 = 1_000_000_000_000_000;
/// Where the point stands in the text: behind a sign and the 11 digits that are left.
const POINT: usize = 12;

/// A text on its way to JSON.
pub(super) type Text = [u8; POINT + 1 + 4];

impl ShortDecimal {
    /// `None` for a number that has more decimals, more digits, or is none.
    #[inline]
    pub(super) fn of(value: f64) -> Option<Self> {
        let magnitude = value.abs();
        // NaN makes 0, and infinity too many: neither reads as what it came from.
        let units = (magnitude * UNITS as f64 + 0.5) as u64;
        let is_it = units < TOO_MANY && units as f64 / UNITS as f64 == magnitude;
        is_it.then_some(Self { is_negative: value.is_sign_negative(), units })
    }

    /// With one decimal at least, from which a reader sees that it is no integer.
    #[inline]
    pub(super) fn write(self, text: &mut Text) -> &[u8] {
        let mut whole = self.units / UNITS;
        let decimals = self.units % UNITS;
        let digits = [decimals / 1_000, decimals / 100 % 10, decimals / 10 % 10, decimals % 10];
        let places = digits.iter().rposition(|digit| *digit > 0).map_or(1, |last| last + 1);
        text[POINT] = b'.';
        text[POINT + 1..].copy_from_slice(&digits.map(digit));
        let mut start = POINT;
        while whole > 0 || start == POINT {
            start -= 1;
            text[start] = digit(whole % 10);
            whole /= 10;
        }
        if self.is_negative {
            start -= 1;
            text[start] = b'-';
        }
        &text[start..POINT + 1 + places]
    }
}

const fn digit(value: u64) -> u8 {
    b'0' + value as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{ShortDecimal, Text};

    fn text(value: f64) -> Option<String> {
        let mut text = Text::default();
        ShortDecimal::of(value).map(|decimal| String::from_utf8_lossy(decimal.write(&mut text)).into_owned())
    }

    fn any_text(value: f64) -> String {
        zmij::Buffer::new().format_finite(value).to_owned()
    }

    #[test]
    fn a_number_with_few_decimals_is_written_as_any_other() {
        let numbers = [
            0.0,
            -0.0,
            0.1,
            0.2,
            0.3,
            0.0001,
            -0.0001,
            0.001,
            0.01,
            0.5625,
            1.0,
            1.1,
            1.15,
            1.5,
            9.9999,
            10.0,
            100.0,
            -56.25,
            640.0,
            1_234.5,
            97_000.5,
            123_456.789_1,
            99_999_999_999.999_9,
            -99_999_999_999.999_9,
        ];
        for number in numbers {
            assert_eq!(text(number), Some(any_text(number)), "{number:?}");
        }
    }

    #[test]
    fn what_is_no_such_number_is_left_alone() {
        let numbers = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            0.00001,
            0.1 + 0.2,
            1.0 / 3.0,
            1.23456,
            100_000_000_000.0,
            4_503_599_627_370_496.5,
            1e16,
            1e300,
            f64::MIN_POSITIVE,
            f64::MAX,
            f64::EPSILON,
            0.00004999,
            0.00005,
        ];
        for number in numbers {
            assert_eq!(text(number), None, "{number:?}");
        }
    }

    proptest! {
        #[test]
        fn every_number_of_up_to_15_digits_is_written_as_any_other(units in -1_000_000_000_000_000_i64..1_000_000_000_000_000, decimals in 0..6) {
            let number = units as f64 / 10_f64.powi(decimals);
            if let Some(text) = text(number) {
                prop_assert_eq!(text, any_text(number));
            } else {
                prop_assert!(decimals > 4 || number.abs() >= 100_000_000_000.0);
            }
        }

        #[test]
        fn so_is_whatever_passes(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            if let Some(text) = text(number) {
                prop_assert_eq!(text, any_text(number));
            }
        }
    }
}
