//! The results a test can have, each with the public id and modifier.

/// What is looked at; one result each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Test {
    /// Content-Security-Policy.
    Csp,
    /// Cookies.
    Cookies,
    /// Cross-Origin Resource Sharing.
    Cors,
    /// From plain HTTP to HTTPS.
    Redirection,
    /// Referrer-Policy.
    ReferrerPolicy,
    /// Strict-Transport-Security.
    Hsts,
    /// Subresource Integrity.
    Sri,
    /// X-Content-Type-Options.
    ContentTypeOptions,
    /// X-Frame-Options, or `frame-ancestors` in its place.
    FrameOptions,
    /// Cross-Origin-Resource-Policy.
    Corp,
    /// Cross-Origin-Opener-Policy.
    Coop,
    /// Cross-Origin-Embedder-Policy.
    Coep,
}

impl Test {
    /// The name people know it by, the same in both languages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csp => "CSP",
            Self::Cookies => "Cookie",
            Self::Cors => "CORS",
            Self::Redirection => "HTTP → HTTPS",
            Self::ReferrerPolicy => "Referrer-Policy",
            Self::Hsts => "HSTS",
            Self::Sri => "SRI",
            Self::ContentTypeOptions => "X-Content-Type-Options",
            Self::FrameOptions => "X-Frame-Options",
            Self::Corp => "CORP",
            Self::Coop => "COOP",
            Self::Coep => "COEP",
        }
    }
}

macro_rules! outcomes {
    ($($test:ident { $($name:ident, $code:literal, $modifier:literal, $pass:literal;)+ })+) => {
        /// A result of a test. The names say what was found.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is explained by its public id, see `code`")]
        pub enum Outcome { $($($name,)+)+ }

        impl Outcome {
            /// Every result.
            pub const ALL: &'static [Self] = &[$($(Self::$name,)+)+];

            /// The public id.
            pub const fn code(self) -> &'static str {
                match self { $($(Self::$name => $code,)+)+ }
            }

            /// Points added to or taken from 100.
            pub const fn modifier(self) -> i32 {
                match self { $($(Self::$name => $modifier,)+)+ }
            }

            /// Whether the public scanner calls the test passed.
            pub const fn pass(self) -> bool {
                match self { $($(Self::$name => $pass,)+)+ }
            }

            /// The test it is a result of.
            pub const fn test(self) -> Test {
                match self { $($(Self::$name => Test::$test,)+)+ }
            }
        }
    };
}

outcomes! {
    Csp {
        CspDefaultNone, "csp-implemented-with-no-unsafe-default-src-none", 10, true;
        CspNoUnsafe, "csp-implemented-with-no-unsafe", 5, true;
        CspUnsafeStyleOnly, "csp-implemented-with-unsafe-inline-in-style-src-only", 0, true;
        CspDuplicateReporting, "csp-implemented-but-duplicate-directives", 0, true;
        CspInsecurePassiveOnly, "csp-implemented-with-insecure-scheme-in-passive-content-only", -10, true;
        CspUnsafeEval, "csp-implemented-with-unsafe-eval", -10, false;
        CspUnsafeInline, "csp-implemented-with-unsafe-inline", -20, false;
        CspInsecureScheme, "csp-implemented-with-insecure-scheme", -20, false;
        CspInvalid, "csp-header-invalid", -25, false;
        CspMissing, "csp-not-implemented", -25, false;
        CspReportOnly, "csp-not-implemented-but-reporting-enabled", -25, false;
    }
    Cookies {
        CookiesAllGood, "cookies-secure-with-httponly-sessions-and-samesite", 5, true;
        CookiesGood, "cookies-secure-with-httponly-sessions", 0, true;
        CookiesNone, "cookies-not-found", 0, true;
        CookiesInsecureUnderHsts, "cookies-without-secure-flag-but-protected-by-hsts", -5, false;
        CookiesSessionInsecureUnderHsts, "cookies-session-without-secure-flag-but-protected-by-hsts", -10, false;
        CookiesInsecure, "cookies-without-secure-flag", -20, false;
        CookiesBadSameSite, "cookies-samesite-flag-invalid", -20, false;
        CookiesTokenWithoutSameSite, "cookies-anticsrf-without-samesite-flag", -20, false;
        CookiesSessionScripted, "cookies-session-without-httponly-flag", -30, false;
        CookiesSessionInsecure, "cookies-session-without-secure-flag", -40, false;
    }
    Cors {
        CorsNone, "cross-origin-resource-sharing-not-implemented", 0, true;
        CorsPublic, "cross-origin-resource-sharing-implemented-with-public-access", 0, true;
        CorsRestricted, "cross-origin-resource-sharing-implemented-with-restricted-access", 0, true;
        CorsUniversal, "cross-origin-resource-sharing-implemented-with-universal-access", -50, false;
    }
    Redirection {
        RedirectionPreloaded, "redirection-all-redirects-preloaded", 0, true;
        RedirectionGood, "redirection-to-https", 0, true;
        RedirectionNoHttp, "redirection-not-needed-no-http", 0, true;
        RedirectionOffHost, "redirection-off-host-from-http", -5, false;
        RedirectionLate, "redirection-not-to-https-on-initial-redirection", -10, false;
        RedirectionNotToHttps, "redirection-not-to-https", -20, false;
        RedirectionMissing, "redirection-missing", -20, false;
        RedirectionUntrusted, "redirection-invalid-cert", -20, false;
    }
    ReferrerPolicy {
        ReferrerPrivate, "referrer-policy-private", 5, true;
        ReferrerMissing, "referrer-policy-not-implemented", 0, true;
        ReferrerUnsafe, "referrer-policy-unsafe", -5, false;
        ReferrerInvalid, "referrer-policy-header-invalid", -5, false;
    }
    Hsts {
        HstsPreloaded, "hsts-preloaded", 5, true;
        HstsLong, "hsts-implemented-max-age-at-least-six-months", 0, true;
        HstsShort, "hsts-implemented-max-age-less-than-six-months", -10, false;
        HstsMissing, "hsts-not-implemented", -20, false;
        HstsInvalid, "hsts-header-invalid", -20, false;
        HstsNoHttps, "hsts-not-implemented-no-https", -20, false;
        HstsUntrusted, "hsts-invalid-cert", -20, false;
    }
    Sri {
        SriSameOrigin, "sri-implemented-and-all-scripts-loaded-securely", 5, true;
        SriExternal, "sri-implemented-and-external-scripts-loaded-securely", 5, true;
        SriNotHtml, "sri-not-implemented-response-not-html", 0, true;
        SriNoScripts, "sri-not-implemented-but-no-scripts-loaded", 0, true;
        SriOwnScriptsOnly, "sri-not-implemented-but-all-scripts-loaded-from-secure-origin", 0, true;
        SriMissing, "sri-not-implemented-but-external-scripts-loaded-securely", -5, false;
        SriInsecureTransport, "sri-implemented-but-external-scripts-not-loaded-securely", -20, false;
        SriMissingInsecure, "sri-not-implemented-and-external-scripts-not-loaded-securely", -50, false;
    }
    ContentTypeOptions {
        NosniffSet, "x-content-type-options-nosniff", 0, true;
        NosniffMissing, "x-content-type-options-not-implemented", -5, false;
        NosniffInvalid, "x-content-type-options-header-invalid", -5, false;
    }
    FrameOptions {
        FramesByCsp, "x-frame-options-implemented-via-csp", 5, true;
        FramesByHeader, "x-frame-options-sameorigin-or-deny", 0, true;
        FramesAllowFrom, "x-frame-options-allow-from-origin", 0, true;
        FramesMissing, "x-frame-options-not-implemented", -20, false;
        FramesInvalid, "x-frame-options-header-invalid", -20, false;
    }
    Corp {
        CorpSameOrigin, "corp-implemented-with-same-origin", 10, true;
        CorpSameSite, "corp-implemented-with-same-site", 10, true;
        CorpCrossOrigin, "corp-implemented-with-cross-origin", 0, true;
        CorpMissing, "corp-not-implemented", 0, true;
        CorpInvalid, "corp-header-invalid", -5, false;
    }
    Coop {
        CoopSameOrigin, "coop-implemented-with-same-origin", 10, true;
        CoopAllowPopups, "coop-implemented-with-same-origin-allow-popups", 10, true;
        CoopNoopener, "coop-implemented-with-noopener-allow-popups", 10, true;
        CoopUnsafeNone, "coop-implemented-with-unsafe-none", 0, true;
        CoopMissing, "coop-not-implemented", 0, true;
        CoopInvalid, "coop-header-invalid", -5, false;
    }
    Coep {
        CoepRequireCorp, "coep-implemented-with-require-corp", 10, true;
        CoepCredentialless, "coep-implemented-with-credentialless", 10, true;
        CoepUnsafeNone, "coep-implemented-with-unsafe-none", 0, true;
        CoepMissing, "coep-not-implemented", 0, true;
        CoepInvalid, "coep-header-invalid", -5, false;
    }
}
