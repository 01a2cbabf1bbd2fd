//! Reading times as platforms write them, and writing times.
//!
//! The forms that are read are those found in real traffic (platforms.md §0, finding 21). Times are microseconds since
//! 1970 in UTC.

use std::borrow::Cow;

use jiff::{
    Timestamp,
    civil::DateTime,
    fmt::{rfc2822, strtime},
    tz::Offset,
};

use crate::json::{self, Kind};

/// Reads a time from JSON text; none when it is absent or unreadable.
pub fn read(text: Option<&str>) -> Option<i64> {
    let text = text?;
    match Kind::of(text) {
        Kind::Number => read_number(text.trim()),
        Kind::String => {
            let text = json::string(text)?;
            let text = text.trim();
            read_number(text).or_else(|| read_text(text)).or_else(|| read_named_month(text))
        }
        _ => None,
    }
}

/// Writes a time as RFC 3339 in UTC with milliseconds, or microseconds where there are any.
pub fn write(us: i64) -> String {
    let time = Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH);
    if us % 1000 == 0 { format!("{time:.3}") } else { format!("{time:.6}") }
}

/// Writes milliseconds since 1970 as RFC 3339.
pub fn write_ms(ms: i64) -> String {
    write(ms.saturating_mul(1000))
}

/// Reads RFC 3339 from a filter or a setting.
pub fn parse(text: &str) -> Option<i64> {
    read_text(text.trim())
}

/// Reads a count since 1970: seconds, milliseconds, microseconds or nanoseconds, told by its size.
fn read_number(text: &str) -> Option<i64> {
    let text = match text.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
        true => json::decimal(text),
        false => Cow::Borrowed(text),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 19 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let us = match number {
        0..=99_999_999_999 => number.checked_mul(1_000_000)?.checked_add(micros(fraction))?,
        100_000_000_000..=99_999_999_999_999 => number.checked_mul(1000)?.checked_add(micros(fraction) / 1000)?,
        100_000_000_000_000..=99_999_999_999_999_999 => number,
        _ => number / 1000,
    };
    in_range(us)
}

/// Reads the first six digits of a fraction as microseconds.
fn micros(fraction: &str) -> i64 {
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(6);
    digits.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
}

fn in_range(us: i64) -> Option<i64> {
    Timestamp::from_microsecond(us).ok().map(|_| us)
}

/// Reads RFC 3339 with its real-life variants: `t`, a space, a comma, any number of fraction digits, no zone (UTC), a date
/// alone, Go's `+0000 UTC`, and an offset whose sign was lost on the way (`…05.67805:30`).
fn read_text(text: &str) -> Option<i64> {
    let mut reader = Reader(text);
    let (year, month, day) = (reader.digits(4)?, reader.after(b"-", 2)?, reader.after(b"-", 2)?);
    let date = jiff::civil::Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
    if reader.0.is_empty() {
        return to_us(date.to_datetime(jiff::civil::Time::midnight()), 0, 0);
    }
    reader.one_of(b"Tt ")?;
    let (hour, minute) = (reader.digits(2)?, reader.after(b":", 2)?);
    let second = if reader.0.starts_with(':') { reader.after(b":", 2)?.min(59) } else { 0 };
    let mut fraction = "";
    if reader.one_of(b".,").is_some() {
        let length = reader.0.bytes().take_while(u8::is_ascii_digit).count();
        // `.67805:30` is `.678` and an offset of 05:30 that lost its sign.
        let length = if reader.0[length..].starts_with(':') { length.checked_sub(2)? } else { length };
        (fraction, reader.0) = reader.0.split_at_checked(length).filter(|(digits, _)| !digits.is_empty())?;
    }
    let offset = read_offset(reader.0.trim_start())?;
    let time = jiff::civil::Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
    to_us(date.to_datetime(time), micros(fraction), offset)
}

/// Reads the forms that name a weekday and a month: RFC 1123 (`Fri, 02 Jan 2026 03:04:05 GMT`) and JavaScript's
/// (`Fri Jan 02 2026 03:04:05 GMT+0000 (Coordinated Universal Time)`).
fn read_named_month(text: &str) -> Option<i64> {
    const RFC_1123: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    if !text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    if let Ok(time) = RFC_1123.parse_timestamp(text) {
        return in_range(time.as_microsecond());
    }
    let without_name = text.split_once(" (").map_or(text, |(time, _)| time);
    let time = strtime::parse("%a %b %d %Y %H:%M:%S GMT%z", without_name).ok()?.to_timestamp().ok()?;
    in_range(time.as_microsecond())
}

/// Reads an offset in seconds east of Greenwich.
fn read_offset(text: &str) -> Option<i32> {
    // Go adds the zone's name behind an offset, and sometimes a monotonic reading.
    let text = text.split(' ').next().unwrap_or_default();
    // Java adds the zone's name in brackets: `Z[GMT]`.
    let text = text.strip_suffix(']').and_then(|text| text.split_once('[')).map_or(text, |(offset, _)| offset);
    if matches!(text, "" | "Z" | "z" | "UTC" | "GMT") {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => (1, text),
    };
    let mut reader = Reader(rest);
    let hours = reader.digits(2)?;
    let minutes = match reader.0 {
        "" => 0,
        rest if rest.starts_with(':') => reader.after(b":", 2)?,
        _ => reader.digits(2)?,
    };
    (reader.0.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn to_us(time: DateTime, micros: i64, offset: i32) -> Option<i64> {
    let time = Offset::UTC.to_timestamp(time).ok()?;
    in_range(time.as_microsecond().checked_add(micros)?.checked_sub(i64::from(offset) * 1_000_000)?)
}

fn small(number: i32) -> Option<i8> {
    i8::try_from(number).ok()
}

struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn digits(&mut self, count: usize) -> Option<i32> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
        self.0 = rest;
        Some(number)
    }

    fn one_of(&mut self, characters: &[u8]) -> Option<()> {
        let first = self.0.as_bytes().first()?;
        characters.contains(first).then(|| self.0 = &self.0[1..])
    }

    fn after(&mut self, separator: &[u8], count: usize) -> Option<i32> {
        self.one_of(separator)?;
        self.digits(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as_written(json: &str) -> Option<String> {
        read(Some(json)).map(write)
    }

    #[test]
    fn every_form_counted_in_real_traffic() {
        let utc = Some("2026-01-02T03:04:05.678Z");
        for text in [
            r#""2026-01-02T03:04:05.678Z""#,
            r#""2026-01-02t03:04:05.678z""#,
            r#""2026-01-02T08:34:05.678+05:30""#,
            r#""2026-01-02T08:34:05.678+0530""#,
            r#""2026-01-02T08:34:05.67805:30""#,
            r#""2026-01-02 03:04:05.678""#,
            r#""2026-01-02 03:04:05.678 +0000 UTC""#,
            r#""2026-01-02 03:04:05.678 +0000 UTC m=+0.001""#,
            r#""2026-01-02T03:04:05,678Z""#,
            "1767323045678",
            r#""1767323045678""#,
            "1767323045.678",
            r#""1767323045.678""#,
            "1767323045678000",
            "1767323045678000000",
            "1.767323045678E12",
            "1767323045678e0",
            "1767323045678000e-6",
            r#""1.767323045678e12""#,
            r#""2026-01-02T03:04:05.678Z[GMT]""#,
            r#""2026-01-02T04:04:05.678+01:00[Europe/Paris]""#,
        ] {
            assert_eq!(read_as_written(text).as_deref(), utc, "{text}");
        }
        let others = [
            (r#""2026-01-02T03:04:05Z""#, "2026-01-02T03:04:05.000Z"),
            ("1767323045", "2026-01-02T03:04:05.000Z"),
            (r#""2026-01-02T03:04:05.67Z""#, "2026-01-02T03:04:05.670Z"),
            (r#""2026-01-02T03:04:05.678901+00:00""#, "2026-01-02T03:04:05.678901Z"),
            (r#""2026-01-02T03:04:05-07:00""#, "2026-01-02T10:04:05.000Z"),
            (r#""2026-01-02""#, "2026-01-02T00:00:00.000Z"),
            (r#""2026-01-02T03:04:0505:30""#, "2026-01-01T21:34:05.000Z"),
            (r#""2026-01-02T03:04Z""#, "2026-01-02T03:04:00.000Z"),
            ("1.767323045E9", "2026-01-02T03:04:05.000Z"),
            (r#""Fri, 02 Jan 2026 03:04:05 GMT""#, "2026-01-02T03:04:05.000Z"),
            (r#""Fri, 2 Jan 2026 03:04:05 +0100""#, "2026-01-02T02:04:05.000Z"),
            (r#""Mon, 02 Jan 2026 03:04:05 GMT""#, "2026-01-02T03:04:05.000Z"),
            (r#""Fri Jan 02 2026 03:04:05 GMT+0000 (Coordinated Universal Time)""#, "2026-01-02T03:04:05.000Z"),
            (r#""Fri Jan 02 2026 04:04:05 GMT+0100 (Mitteleuropäische Normalzeit)""#, "2026-01-02T03:04:05.000Z"),
            (r#""Fri Jan 02 2026 03:04:05 GMT+0000""#, "2026-01-02T03:04:05.000Z"),
        ];
        for (text, expected) in others {
            assert_eq!(read_as_written(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn garbage_is_unreadable() {
        for text in [
            r#""datetime""#,
            r#""bad""#,
            r#""nope""#,
            r#""safaff""#,
            r#""invalid-time""#,
            r#""""#,
            "null",
            "true",
            "{}",
            "[]",
            "-5",
            "1e99",
            "1e-99999",
            r#""Fri, 32 Jan 2026 03:04:05 GMT""#,
            r#""Fri, 02 Foo 2026 03:04:05 GMT""#,
            r#""Fri Jan 02 2026""#,
            r#""Fri Jan 02 2026 03:04:05 GMT+9999 (x""#,
            r#""2026-01-02T03:04:05Z[""#,
            r#""2026-01-02T03:04:05[GMT]x""#,
            r#""2026-13-02""#,
            r#""2026-02-30T00:00:00Z""#,
            r#""2026-01-02T25:00:00Z""#,
            r#""2026-01-02T03:04:05.Z""#,
            r#""2026-01-02Tx""#,
            "99999999999999999999999",
            r#""☃☃☃☃-01-01""#,
        ] {
            assert_eq!(read(Some(text)), None, "{text}");
        }
        assert_eq!(read(None), None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[0-9TtZz:., +-]{0,30}|(Fri|Sat),? [A-Za-z0-9:+() ]{0,40}") {
            let _ = read(Some(&json::quote(&text)));
        }
    }
}
