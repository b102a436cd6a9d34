use proptest::prelude::*;

use super::*;

fn headers(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

fn route(list: &[&str]) -> Vec<Url> {
    list.iter().map(|u| Url::parse(u).expect("a URL")).collect()
}

/// A site with everything missing but HTTPS.
fn of(list: &[(&str, &str)], html: &str) -> Score {
    let headers = headers(list);
    let route = route(&["http://www.a.gov.tw/", "https://www.a.gov.tw/"]);
    score(&Input {
        host: "www.a.gov.tw",
        headers: &headers,
        secure: true,
        html,
        cookies: &[],
        https: Https::Headers(&headers),
        plain: Plain::Route(&route),
        cors: None,
        preloaded: &|_| false,
    })
}

#[test]
fn ids_and_passes_fit_together() {
    let mut codes: Vec<&str> = Outcome::ALL.iter().map(|o| o.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Outcome::ALL.len());
    // Only one test passes with points off: images over plain HTTP.
    for o in Outcome::ALL {
        assert!(o.pass() || o.modifier() < 0, "{o:?}");
        assert!(!o.pass() || o.modifier() >= 0 || *o == Outcome::CspInsecurePassiveOnly, "{o:?}");
        assert!(!o.test().name().is_empty());
    }
}

#[test]
fn grades_as_published() {
    for (points, expected) in [
        (145, "A+"),
        (100, "A+"),
        (99, "A"),
        (90, "A"),
        (89, "A-"),
        (85, "A-"),
        (84, "B+"),
        (80, "B+"),
        (79, "B"),
        (70, "B"),
        (69, "B-"),
        (65, "B-"),
        (64, "C+"),
        (60, "C+"),
        (59, "C"),
        (50, "C"),
        (49, "C-"),
        (45, "C-"),
        (44, "D+"),
        (40, "D+"),
        (39, "D"),
        (30, "D"),
        (29, "D-"),
        (25, "D-"),
        (24, "F"),
        (0, "F"),
    ] {
        assert_eq!(grade(points), expected, "{points}");
    }
}

#[test]
fn additions_count_from_ninety_points_on() {
    // CSP −25, HSTS −20, nosniff −5, frames −20.
    let bare = of(&[], "");
    assert_eq!((bare.points, bare.grade), (30, "D"));
    let policy = ("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    let hsts = ("strict-transport-security", "max-age=31536000");
    // −5 leaves 95: +10 for the policy, +5 for frame-ancestors, +5 for the referrer.
    let good = of(&[policy, hsts, ("referrer-policy", "no-referrer")], "");
    assert_eq!((good.points, good.grade), (115, "A+"));
    // −5 and −10 leave 85: nothing is added.
    let short =
        of(&[policy, ("strict-transport-security", "max-age=300"), ("referrer-policy", "no-referrer")], "");
    assert_eq!((short.points, short.grade), (85, "A-"));
    // Never below zero.
    let html = "<script src=//b.tw/x.js></script>";
    let cookies = of(&[], html);
    assert_eq!((cookies.points, cookies.grade), (0, "F"));
    assert_eq!(good.outcomes.len(), 12);
}

proptest! {
    #[test]
    fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..200), text in "[a-z'*:/;,. =<>\"-]{0,120}") {
        fuzz_observatory(&data);
        fuzz_observatory(text.as_bytes());
    }

    #[test]
    fn a_forbidding_policy_never_scores_lower_than_none(extra in "[a-z]{1,8}") {
        let policy = format!("default-src 'none'; x-{extra} a");
        let with = of(&[("content-security-policy", &policy)], "");
        prop_assert!(with.points >= of(&[], "").points);
    }
}
