//! The one form of a date that HTTP lets a server send (RFC 9110 §5.6.7).

/// `Sun, 06 Nov 1994 08:49:37 GMT` as seconds since 1970.
pub(super) fn imf_fixdate(text: &str) -> Option<u64> {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let digits = |from: usize, count: usize| {
        let digits = text.get(from..from + count)?;
        let all = digits.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| digits.parse::<u64>().ok()).flatten()
    };
    if text.len() != 29 || !text.is_ascii() || !text.ends_with(" GMT") {
        return None;
    }
    let day = digits(5, 2)?;
    let month = MONTHS.find(&text[8..11]).filter(|at| at % 3 == 0)? as u64 / 3 + 1;
    let year = digits(12, 4)?;
    let (hour, minute, second) = (digits(17, 2)?, digits(20, 2)?, digits(23, 2)?);
    // Years that begin in March end with the leap day, which makes the count regular.
    let (y, m) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
    let days = days.checked_sub(719_468)?;
    let rebuilt = format!(
        "{}, {day:02} {} {year:04} {hour:02}:{minute:02}:{second:02} GMT",
        DAYS[(days % 7) as usize],
        &text[8..11]
    );
    (rebuilt == text).then_some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_only_in_its_one_right_form() {
        assert_eq!(
            imf_fixdate("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(784_111_777)
        );
        assert_eq!(imf_fixdate("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(
            imf_fixdate("Thu, 29 Feb 2024 12:00:00 GMT"),
            Some(1_709_208_000)
        );
        for wrong in [
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 +0000",
        ] {
            assert_eq!(imf_fixdate(wrong), None, "{wrong}");
        }
    }
}
