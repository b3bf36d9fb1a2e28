//! The keys of a registration, and what needs them.

use serde_json::Value;

use super::{Checked, refuse_if};
use crate::domain::client::{AuthMethod, ClientMetadata};
use crate::domain::client_keys::{ClientKeys, Inside};
use crate::domain::encryption_alg::{ContentEncryption, KeyManagement};
use crate::domain::signing_alg::{AssertionAlg, SigningAlg};

/// RFC 7518 section 6: members of private and of symmetric keys.
const SECRET: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl ClientMetadata {
    pub(super) fn check_keys(&self) -> Checked {
        refuse_if(
            self.jwks.is_some() && self.jwks_uri.is_some(),
            "jwks",
            "must not stand beside jwks_uri (RFC 7591 section 2)",
        )?;
        if let Some(set) = &self.jwks {
            check_set(set)?;
        }
        let no_keys = self.jwks.is_none() && self.jwks_uri.is_none();
        let method = self.token_endpoint_auth_method;
        let by_keys = method == AuthMethod::PrivateKeyJwt || method.as_str() == "self_signed_tls_client_auth";
        refuse_if(no_keys && by_keys, "jwks", &format!("{} needs public keys", method.as_str()))?;
        let encrypts = self.request_object_encryption_alg;
        let enc = "request_object_encryption_enc";
        check_named(encrypts, "request_object_encryption_alg", self.request_object_encryption_enc, enc)?;
        let signs = self.require_signed_request_object
            || self.request_object_signing_alg.is_some()
            || encrypts.is_some();
        refuse_if(no_keys && signs, "jwks", "signed request objects need public keys")?;
        if self.jwks.is_some() {
            // Tried, since a key that is of no use would only be noticed at the first sign-in.
            let keys = ClientKeys::parse(self.jwks.as_ref());
            let by_assertion = method == AuthMethod::PrivateKeyJwt;
            let alg = self.token_endpoint_auth_signing_alg.and_then(AssertionAlg::by_key);
            let by_fapi = self.is_held_to_fapi();
            refuse_if(by_assertion && !can_verify(&keys, alg, by_fapi), "jwks", &no_key_for(alg, by_fapi))?;
            let alg = self.request_object_signing_alg;
            // Who must sign, and has not said how, is held to FAPI's algorithms in that alone.
            let by_fapi = by_fapi || self.require_signed_request_object;
            refuse_if(signs && !can_verify(&keys, alg, by_fapi), "jwks", &no_key_for(alg, by_fapi))?;
            let by_certificate = method == AuthMethod::SelfSignedTlsClientAuth;
            let none = by_certificate && !keys.has_certificates();
            refuse_if(none, "jwks", "no key comes with its certificate (x5c, RFC 8705 section 2.2.2)")?;
        }
        for (name, alg, enc) in [
            ("id_token", self.id_token_encrypted_response_alg, self.id_token_encrypted_response_enc),
            ("userinfo", self.userinfo_encrypted_response_alg, self.userinfo_encrypted_response_enc),
            (
                "authorization",
                self.authorization_encrypted_response_alg,
                self.authorization_encrypted_response_enc,
            ),
        ] {
            self.check_encryption(name, alg, enc)?;
        }
        Ok(())
    }

    fn check_encryption(
        &self,
        name: &str,
        alg: Option<KeyManagement>,
        enc: Option<ContentEncryption>,
    ) -> Checked {
        let alg_member = format!("{name}_encrypted_response_alg");
        check_named(alg, &alg_member, enc, &format!("{name}_encrypted_response_enc"))?;
        let Some(alg) = alg else { return Ok(()) };
        let fits = match &self.jwks {
            // Tried, since a key that can't be used would only be noticed by visitors.
            Some(set) => {
                let keys = ClientKeys::parse(Some(set));
                keys.encrypt(alg, ContentEncryption::A128GCM, Inside::Json, b"{}").is_some()
            }
            None => self.jwks_uri.is_some(),
        };
        refuse_if(!fits, &alg_member, "the client has no public key to encrypt to")
    }
}

/// With the algorithm that was registered, or with any that the client may use: FAPI 2.0 section 5.4.1 leaves RS256 out.
fn can_verify(keys: &ClientKeys, wanted: Option<SigningAlg>, by_fapi: bool) -> bool {
    keys.can_verify(|alg| match wanted {
        Some(wanted) => alg == wanted,
        None => !(by_fapi && alg == SigningAlg::RS256),
    })
}

fn no_key_for(wanted: Option<SigningAlg>, by_fapi: bool) -> String {
    let alg = match wanted {
        Some(wanted) => wanted.as_str(),
        None if by_fapi => "ES256, PS256 or EdDSA (FAPI 2.0 leaves RS256 out)",
        None => "ES256, PS256, RS256 or EdDSA",
    };
    format!(
        "no key to verify {alg} with: EC keys are on P-256, OKP keys on Ed25519, RSA keys have 2048 bits at least"
    )
}

/// Both or neither. The standard's default of `enc`, A128CBC-HS256, is none of ours: nobody shall be surprised.
fn check_named(
    alg: Option<KeyManagement>,
    alg_member: &str,
    enc: Option<ContentEncryption>,
    enc_member: &str,
) -> Checked {
    refuse_if(alg.is_none() && enc.is_some(), enc_member, &format!("needs {alg_member}"))?;
    refuse_if(alg.is_some() && enc.is_none(), enc_member, &format!("must be named beside {alg_member}"))
}

fn check_set(set: &Value) -> Checked {
    let Some(keys) = set.get("keys").and_then(Value::as_array).filter(|keys| !keys.is_empty()) else {
        return refuse_if(true, "jwks", "must be a JWK Set with at least one key (RFC 7517 section 5)");
    };
    for key in keys {
        let is_key = key.get("kty").is_some_and(Value::is_string);
        refuse_if(!is_key, "jwks", "a key has no kty")?;
        let secret = SECRET.iter().any(|member| key.get(member).is_some());
        refuse_if(secret, "jwks", "a key is private or symmetric: only public keys may be registered")?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
