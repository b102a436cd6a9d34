//! An OpenID Connect provider for tests of log-in: it answers requests given as values, so a test needs no socket; a
//! test that wants one puts it behind [`crate::http::HttpServer`]. It checks what a provider checks (client, redirect,
//! PKCE) and signs what it is told to, lies included.
//!
//! ```
//! use bulwark_testkit::identity_provider::IdentityProvider;
//! let provider = IdentityProvider::new("https://idp.example.gov.tw", 1_795_568_400);
//! assert!(provider.discovery().contains("/authorize"));
//! ```

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64URL};
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use url::Url;

/// How tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA, PKCS#1 v1.5.
    Rs256,
    /// ECDSA on P-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// HMAC with the bytes of the RSA public key: the classic confusion of a public with a shared key.
    Hs256OfPublicKey,
    /// HMAC with the client's secret.
    Hs256OfSecret,
    /// Not at all.
    None,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Hs256OfPublicKey | Self::Hs256OfSecret => "HS256",
            Self::None => "none",
        }
    }
}

/// The provider. What is public is what a test may bend.
pub struct IdentityProvider {
    /// Its name, without a slash at the end.
    pub issuer: String,
    /// The one client it knows.
    pub client_id: String,
    /// The secret of that client; `None` for a public one.
    pub client_secret: Option<String>,
    /// Who has signed in at it.
    pub subject: String,
    /// How it signs.
    pub algorithm: Algorithm,
    /// The key id it writes into tokens; the one of the key when `None`.
    pub key_id: Option<String>,
    /// Its clock, in seconds since 1970.
    pub now: i64,
    /// Whether it says in its discovery that it names itself in the redirect (RFC 9207).
    pub names_itself: bool,
    codes: HashMap<String, Session>,
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    ed: Ed25519KeyPair,
    random: SystemRandom,
}

/// What it remembers of an authorisation request.
struct Session {
    nonce: String,
    challenge: String,
    redirect: String,
}

impl IdentityProvider {
    /// A provider with fresh elliptic keys and the one RSA key of the tests, whose clock stands at `now`.
    ///
    /// # Panics
    /// When the system has no randomness.
    pub fn new(issuer: &str, now: i64) -> Self {
        let random = SystemRandom::new();
        let ec_algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let ec = EcdsaKeyPair::generate_pkcs8(ec_algorithm, &random).expect("the system has randomness");
        let ed = Ed25519KeyPair::generate_pkcs8(&random).expect("the system has randomness");
        Self {
            issuer: issuer.to_owned(),
            client_id: "bulwark-console".to_owned(),
            client_secret: Some("s e:c/r+e&t".to_owned()),
            subject: "248289761001".to_owned(),
            algorithm: Algorithm::Rs256,
            key_id: None,
            now,
            names_itself: true,
            codes: HashMap::new(),
            rsa: RsaKeyPair::from_pkcs8(&rsa_key()).expect("the key beside this file is good"),
            ec: EcdsaKeyPair::from_pkcs8(ec_algorithm, ec.as_ref(), &random).expect("just made"),
            ed: Ed25519KeyPair::from_pkcs8(ed.as_ref()).expect("just made"),
            random,
        }
    }

    /// What stands at `/.well-known/openid-configuration`.
    pub fn discovery(&self) -> String {
        let issuer = &self.issuer;
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA", "X-NEW"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "authorization_response_iss_parameter_supported": self.names_itself,
            "code_challenge_methods_supported": ["S256"],
        })
        .to_string()
    }

    /// What stands at `/keys`: its three keys, and one of a kind nobody knows.
    pub fn keys(&self) -> String {
        let point = &self.ec.public_key().as_ref()[1..];
        json!({ "keys": [
            { "kty": "RSA", "kid": "rsa-1", "use": "sig", "alg": "RS256",
              "n": BASE64URL.encode(self.modulus()), "e": "AQAB" },
            { "kty": "EC", "kid": "ec-1", "use": "sig", "crv": "P-256",
              "x": BASE64URL.encode(&point[..32]), "y": BASE64URL.encode(&point[32..]) },
            { "kty": "OKP", "kid": "ed-1", "use": "sig", "crv": "Ed25519",
              "x": BASE64URL.encode(self.ed.public_key().as_ref()) },
            { "kty": "PQ", "kid": "pq-1", "use": "sig", "crv": "unheard-of" },
        ]})
        .to_string()
    }

    /// A person follows `url`, signs in and is sent back: the address of the redirect. `Err` is the page that the
    /// provider shows instead, when it does not know the client or misses something.
    ///
    /// # Errors
    /// What it missed.
    ///
    /// # Panics
    /// When `url` is no URL.
    pub fn authorize(&mut self, url: &str) -> Result<String, String> {
        let url = Url::parse(url).expect("an address to follow");
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let get = |name: &str| query.get(name).cloned().ok_or_else(|| format!("{name} is missing"));
        if get("client_id")? != self.client_id || get("response_type")? != "code" {
            return Err("unknown client or flow".to_owned());
        }
        if !get("scope")?.split(' ').any(|scope| scope == "openid") || get("code_challenge_method")? != "S256"
        {
            return Err("neither OpenID nor PKCE".to_owned());
        }
        let (redirect, state) = (get("redirect_uri")?, get("state")?);
        let code = self.fresh_code();
        let (nonce, challenge) = (get("nonce")?, get("code_challenge")?);
        self.codes.insert(code.clone(), Session { nonce, challenge, redirect: redirect.clone() });
        let mut target = Url::parse(&redirect).map_err(|e| e.to_string())?;
        target.query_pairs_mut().append_pair("code", &code).append_pair("state", &state);
        if self.names_itself {
            target.query_pairs_mut().append_pair("iss", &self.issuer);
        }
        Ok(target.into())
    }

    /// The answer of `/token` to a form and its `Authorization` header. `bend` may change the claims before they are
    /// signed.
    ///
    /// # Errors
    /// The JSON of an error, as a provider sends it with status 400 or 401.
    pub fn token(
        &mut self,
        authorization: Option<&str>,
        form: &[u8],
        bend: impl FnOnce(&mut Value),
    ) -> Result<String, String> {
        let error = |code: &str| json!({ "error": code, "error_description": "測試" }).to_string();
        let form: HashMap<String, String> = url::form_urlencoded::parse(form).into_owned().collect();
        if !self.knows(authorization, &form) {
            return Err(error("invalid_client"));
        }
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let session = self.codes.remove(field("code")).ok_or_else(|| error("invalid_grant"))?;
        let challenge = BASE64URL.encode(digest(&SHA256, field("code_verifier").as_bytes()));
        let good = field("grant_type") == "authorization_code"
            && field("redirect_uri") == session.redirect
            && challenge == session.challenge;
        if !good {
            return Err(error("invalid_grant"));
        }
        let mut claims = json!({
            "iss": self.issuer,
            "sub": self.subject,
            "aud": self.client_id,
            "exp": self.now + 300,
            "iat": self.now,
            "auth_time": self.now - 10,
            "nonce": session.nonce,
            "acr": "urn:gov:tw:aal3",
            "amr": ["hwk", "user"],
            "email": "wang@agency.gov.tw",
            "email_verified": true,
            "name": "Wang Xiaoming",
            "name#zh-TW": "王小明",
        });
        bend(&mut claims);
        Ok(self.answer(&self.sign(&claims)))
    }

    /// A token response around an id token.
    pub fn answer(&self, id_token: &str) -> String {
        json!({ "access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": id_token })
            .to_string()
    }

    /// Claims as a signed token.
    ///
    /// # Panics
    /// When the system has no randomness.
    pub fn sign(&self, claims: &Value) -> String {
        let kid = self.key_id.clone().unwrap_or_else(|| {
            match self.algorithm {
                Algorithm::Es256 => "ec-1",
                Algorithm::EdDsa => "ed-1",
                _ => "rsa-1",
            }
            .to_owned()
        });
        let header = json!({ "alg": self.algorithm.name(), "typ": "JWT", "kid": kid });
        let signed =
            format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
        let signature = self.signature(signed.as_bytes());
        format!("{signed}.{}", BASE64URL.encode(signature))
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let hmac =
            |key: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec();
        match self.algorithm {
            Algorithm::Rs256 => {
                let mut signature = vec![0; self.rsa.public().modulus_len()];
                let done = self.rsa.sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature);
                done.expect("the key is good");
                signature
            }
            Algorithm::Es256 => {
                self.ec.sign(&self.random, message).expect("the key is good").as_ref().to_vec()
            }
            Algorithm::EdDsa => self.ed.sign(message).as_ref().to_vec(),
            Algorithm::Hs256OfPublicKey => hmac(&self.modulus()),
            Algorithm::Hs256OfSecret => hmac(self.client_secret.as_deref().unwrap_or_default().as_bytes()),
            Algorithm::None => Vec::new(),
        }
    }

    fn modulus(&self) -> Vec<u8> {
        // DER: SEQUENCE { INTEGER n, INTEGER e }; both lengths take three bytes for a key of 2048 bits.
        let der = self.rsa.public_key().as_ref();
        der[9..9 + self.rsa.public().modulus_len()].to_vec()
    }

    /// Whether the client proved itself: by the header or by the form (RFC 6749 §2.3.1), or need not.
    fn knows(&self, authorization: Option<&str>, form: &HashMap<String, String>) -> bool {
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let in_form = form.get("client_id") == Some(&self.client_id);
        let Some(secret) = &self.client_secret else { return in_form && authorization.is_none() };
        match authorization {
            Some(header) => {
                let pair = format!("{}:{}", encoded(&self.client_id), encoded(secret));
                header == format!("Basic {}", STANDARD.encode(pair))
            }
            None => in_form && form.get("client_secret") == Some(secret),
        }
    }

    fn fresh_code(&self) -> String {
        let mut code = [0; 16];
        self.random.fill(&mut code).expect("the system has randomness");
        BASE64URL.encode(code)
    }
}

/// The RSA key of the tests. It is public: nothing may ever trust it.
fn rsa_key() -> Vec<u8> {
    let pem = include_str!("rsa-for-tests.pem");
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).expect("the file is PEM")
}
