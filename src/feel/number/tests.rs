//! The tables below were answered by `scala.math.BigDecimal` on the JVM.

use std::hash::{DefaultHasher, Hash, Hasher};

use proptest::prelude::*;

use super::{Error, Number, RoundingMode};

/// `operation left right = result`, where a rounding mode as the operation rounds to the scale on the right.
const OPERATIONS: &str = r#"
add 1.10 2.2 = 3.30
add 1 0.00 = 1.00
add 0E-50 1 = 1.000000000000000000000000000000000
add 1E-40 0 = 1E-40
add 0E5 0E-3 = 0.000
add 9999999999999999999999999999999999 1 = 1.000000000000000000000000000000000E+34
add 9999999999999999999999999999999999 0.5 = 1.000000000000000000000000000000000E+34
add 12345678901234567890123456789012345678 1 = 12345678901234567890123456789012345679
add 1 12345678901234567890123456789012345678 = 1.234567890123456789012345678901235E+37
add 1E40 1E-40 = 1.000000000000000000000000000000000E+40
add -1E40 1E-40 = -1.000000000000000000000000000000000E+40
add 0.1 0.2 = 0.3
sub 1.0 1 = 0.0
sub 12345678901234567890123456789012345 12345678901234567890123456789012344 = 1
sub 1E-1000000000 1E1000000000 = -1.000000000000000000000000000000000E+1000000000
mul 1.10 1.10 = 1.2100
mul 0.0 1E-7 = 0E-8
mul 9999999999999999999 9999999999999999999 = 9.999999999999999998000000000000000E+37
mul 123456789012345678901234567890 1234567890.12345 = 1.524157875323875293552887529353765E+38
mul 1E-2000000000 1E-2000000000 = error
mul 1E2000000000 0E2000000000 = error
div 1 3 = 0.3333333333333333333333333333333333
div 2 3 = 0.6666666666666666666666666666666667
div 6.0 2 = 3.0
div 7 2.00 = 3.5
div 10 4 = 2.5
div 1 1024 = 0.0009765625
div 100 5 = 20
div 0.00 3 = 0.00
div 0 1E9 = 0E-9
div 1 0 = error
div 0 0 = error
div 1E30 3E-30 = 3.333333333333333333333333333333333E+59
div 12345678901234567890123456789012345678901234567890 3 = 4115226300411522630041152263004115226300411522630
div 3 12345678901234567890123456789012345678901234567890 = 2.430000021870000199017001811054716E-49
rem 10 3 = 1
rem -10 3 = -1
rem 5.5 2 = 1.5
rem 1E40 7 = error
rem 1 0 = error
mod -10 3 = 2
mod 10 -3 = -2
mod 5.5 0.3 = 0.1
mod -4 2 = 0
mod 1E40 2 = 0
pow 2 10 = 1024
pow 2 -2 = 0.25
pow 1.10 2 = 1.2100
pow 10 30 = 1000000000000000000000000000000
pow 10 40 = 1.000000000000000000000000000000000E+40
pow 2 200 = 1.606938044258990275541962092341163E+60
pow 1.5 -3 = 0.2962962962962962962962962962962963
pow 0 -1 = error
pow 0 0 = 1
pow 2 99999999999 = error
pow 2 4294967297 = 2
pow 10 999999999 = 1.000000000000000000000000000000000E+999999999
pow -2 3.0 = -8
pow 10 400 = 1.000000000000000000000000000000000E+400
pow 4 0.5 = 2.0
pow -8 0.5 = error
pow 1.0000001 999999999 = 2.688103432454580565047543796723124E+43
neg 1.0 0 = -1.0
neg 12345678901234567890123456789012345678 0 = -12345678901234567890123456789012345678
abs -2.50 0 = 2.50
cmp 1.0 1.00 = 0
cmp 1E400 1E-400 = 1
cmp -1.5 -1.4 = -1
cmp 0E5 0 = 0
int 1.9 0 = 1 1
int -1.9 0 = -1 -1
int 4294967297 0 = 1 4294967297
int 1E63 0 = 0 -9223372036854775808
int 1E64 0 = 0 0
int 123456789012345678901234567890.5 0 = 1312754386 -4362896299872285998
whole 1.00 0 = true 1
whole 1.50 0 = false none
whole 9223372036854775807 0 = true 9223372036854775807
whole 9223372036854775808 0 = true none
whole 1E3 0 = true 1000
whole 0E30 0 = true 0
json 1.50 0 = 1.5
json 3.00 0 = 3
json 12345678.9 0 = 1.23456789E7
json 1E30 0 = 1.0E30
json 1E400 0 = "Infinity"
json -1E400 0 = "-Infinity"
json 1E-400 0 = 0.0
json 0.001 0 = 0.001
json 0.0001 0 = 1.0E-4
json 4.9E-324 0 = 4.9E-324
json 9223372036854775808 0 = 9.223372036854776E18
json 1999050076569595.16549 0 = 1.9990500765695952E15
json 2E23 0 = 2.0E23
HALF_EVEN 1234.5 -2 = 1.2E+3
HALF_EVEN 2.5 0 = 2
HALF_EVEN 3.5 0 = 4
HALF_EVEN 2 2 = 2.00
HALF_UP 2.5 0 = 3
HALF_UP -2.5 0 = -3
HALF_DOWN 2.5 0 = 2
HALF_DOWN 2.51 0 = 3
UP 1.1 0 = 2
UP 0.001 -3 = 1E+3
DOWN -1.9 0 = -1
FLOOR -1.1 0 = -2
FLOOR 1.9 -5 = 0E+5
CEILING -1.9 0 = -1
CEILING 1.1 -5 = 1E+5
UNNECESSARY 1.1 0 = error
UNNECESSARY 1.0 0 = 1
HALF_UP 12345678901234567890123456789012345678.5 0 = 12345678901234567890123456789012345679
sqrt 2 0 = 1.4142135623730951
sqrt 16 0 = 4.0
sqrt -1 0 = error
log 0 0 = error
log 10 0 = 2.302585092994046
exp 1 0 = 2.718281828459045
exp 1000 0 = error
"#;

fn number(text: &str) -> Number {
    Number::parse(text).unwrap()
}

fn show(result: Result<Number, Error>) -> String {
    result.map_or("error".to_owned(), |number| number.to_string())
}

fn answer(operation: &str, a: &Number, b: &Number) -> String {
    match operation {
        "add" => show(a.add(b)),
        "sub" => show(a.sub(b)),
        "mul" => show(a.mul(b)),
        "div" => show(a.div(b)),
        "rem" => show(a.remainder(b)),
        "mod" => show(a.modulo(b)),
        "pow" => show(a.pow(b)),
        "neg" => a.neg().to_string(),
        "abs" => a.abs().to_string(),
        "cmp" => (a.cmp(b) as i32).to_string(),
        "int" => format!("{} {}", a.int_value(), a.long_value()),
        "whole" => {
            format!("{} {}", a.is_integer(), a.to_i64().map_or("none".to_owned(), |whole| whole.to_string()))
        }
        "json" => a.to_json().to_string(),
        "sqrt" => show(a.sqrt()),
        "log" => show(a.log()),
        "exp" => show(a.exp()),
        mode => show(a.set_scale(b.int_value(), RoundingMode::from_name(mode).unwrap())),
    }
}

#[test]
fn operations_answer_as_on_the_jvm() {
    for line in OPERATIONS.lines().filter(|line| !line.is_empty()) {
        let (question, expected) = line.split_once(" = ").unwrap();
        let [operation, left, right] = question.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert_eq!(answer(operation, &number(left), &number(right)), expected, "{question}");
    }
}

#[test]
fn text_of_a_number_keeps_its_scale() {
    for (text, expected) in [
        ("1.10", "1.10"),
        ("007", "7"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("0.0000001", "1E-7"),
        ("0.000001", "0.000001"),
        ("0.0000000", "0E-7"),
        ("-0", "0"),
        ("-0.0", "0.0"),
        (
            "123456789012345678901234567890123456789012345.50",
            "123456789012345678901234567890123456789012345.50",
        ),
    ] {
        assert_eq!(Number::parse_literal(text).unwrap().to_string(), expected);
    }
    for text in ["", "-", ".", "5.", "1e3", "+1", "1_0", "1.2.3", "--1", " 1", "٣"] {
        assert!(Number::parse_literal(text).is_none(), "{text}");
    }
}

#[test]
fn the_builtin_number_reads_what_java_reads() {
    for (text, expected) in [
        ("+1", "1"),
        ("5.", "5"),
        ("1e3", "1E+3"),
        ("1E-3", "0.001"),
        ("1.50E+0000000000003", "1.50E+3"),
        ("٣.٥", "3.5"),
        ("1E2147483648", "1E+2147483648"),
        ("1E2147483649", ""),
        ("1E-2147483647", "1E-2147483647"),
        ("1.0E-2147483647", ""),
        ("e3", ""),
        ("1e", ""),
        ("1e+-3", ""),
        (".", ""),
        ("1 ", ""),
        ("", ""),
        ("NaN", ""),
    ] {
        assert_eq!(
            Number::parse(text).map_or(String::new(), |number| number.to_string()),
            expected,
            "{text}"
        );
    }
}

#[test]
fn fractions_of_json_go_through_double() {
    for (text, expected) in [
        ("1.10", "1.1"),
        ("100.0", "100.0"),
        ("1e25", "1.0E+25"),
        ("1e2", "100.0"),
        ("-0", "0"),
        ("-0.0", "0.0"),
        ("9007199254740993", "9007199254740993"),
        ("123456789012345678901234567890123456789", "123456789012345678901234567890123456789"),
        ("0.1234567890123456789", "0.12345678901234568"),
        ("1e-7", "1.0E-7"),
    ] {
        assert_eq!(Number::from_json(text).unwrap().to_string(), expected, "{text}");
    }
    assert!(Number::from_json("1e400").is_none());
}

#[test]
fn sizes_are_limited() {
    assert_eq!(number("1").set_scale(10_001, RoundingMode::Down).unwrap_err(), Error::TooManyDigits);
    assert_eq!(number("1").set_scale(i32::MAX, RoundingMode::Down).unwrap_err(), Error::TooManyDigits);
    assert_eq!(number("123").set_scale(-i32::MAX, RoundingMode::Up).unwrap().to_string(), "1E+2147483647");
    assert!(Number::parse(&"9".repeat(10_001)).is_none());
    let long = number(&"9".repeat(10_000));
    assert_eq!(show(long.add(&number("1E-2147483647"))), long.to_string());
    assert_eq!(long.mul(&long).unwrap().to_string().len(), "9.E+10000".len() + 9_999);
    assert_eq!(long.cmp(&number("1E2147483647")), std::cmp::Ordering::Less);
    assert_eq!(long.pow(&number("999999999")).unwrap_err(), Error::ExponentOutOfRange);
}

fn hash(number: &Number) -> u64 {
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    hasher.finish()
}

fn numbers() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        "-?[0-9]{1,20}(\\.[0-9]{1,12})?".prop_map(|text| number(&text)),
        "-?[0-9]{1,50}E-?[0-9]{1,2}".prop_map(|text| number(&text)),
    ]
}

proptest! {
    #[test]
    fn text_round_trips(number in numbers()) {
        let again = self::number(&number.to_string());
        prop_assert_eq!(again.to_string(), number.to_string());
        prop_assert_eq!(again, number);
    }

    #[test]
    fn a_sum_less_one_operand_is_the_other(a in any::<i64>(), b in any::<i64>(), scale in 0..9) {
        let a = Number::from(a).set_scale(scale, RoundingMode::Down).unwrap();
        let b = Number::from(b);
        prop_assert_eq!(a.add(&b).unwrap().sub(&b).unwrap(), a);
    }

    #[test]
    fn order_is_that_of_the_difference(a in numbers(), b in numbers()) {
        prop_assert_eq!(a.cmp(&b) as i32, a.sub(&b).unwrap().signum());
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
    }

    #[test]
    fn scale_changes_neither_value_nor_hash(number in numbers(), zeros in 0..50) {
        let longer = number.set_scale(number.scale() + zeros, RoundingMode::Unnecessary).unwrap();
        prop_assert_eq!(hash(&longer), hash(&number));
        prop_assert_eq!(longer, number);
    }

    #[test]
    fn modulo_takes_the_sign_of_the_divisor(a in -10_000i64..10_000, b in -100i64..100) {
        prop_assume!(b != 0);
        let rest = Number::from(a).modulo(&Number::from(b)).unwrap().to_i64().unwrap();
        prop_assert_eq!(rest, ((a % b) + b) % b);
    }

    #[test]
    fn doubles_survive_their_text(value in any::<f64>()) {
        prop_assume!(value.is_finite());
        prop_assert_eq!(super::java_double_text(value).parse::<f64>().unwrap(), value);
        prop_assert_eq!(Number::from_f64(value).unwrap().to_f64(), value);
    }
}

/// Of the two decimals of 16 digits that lie as near to 2^-24 the even one means another double.
#[test]
fn a_power_of_two_is_written_as_java_writes_it() {
    assert_eq!(super::java_double_text(2f64.powi(-24)), "5.960464477539063E-8");
}
