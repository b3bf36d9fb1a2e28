//! Keys that sign what we say, and verify that we said it.

use josekit::jwk::Jwk;
use josekit::jwk::alg::{ec::EcCurve, ed::EdCurve};
use josekit::jws::{
    JwsSigner, JwsVerifier, alg::ecdsa::EcdsaJwsAlgorithm, alg::eddsa::EddsaJwsAlgorithm,
    alg::rsassa::RsassaJwsAlgorithm, alg::rsassa_pss::RsassaPssJwsAlgorithm,
};

use super::ring::Purpose;
use crate::domain::signing_alg::SigningAlg;

/// Built once per key: that costs more than using them.
pub struct Signing {
    pub signer: Box<dyn JwsSigner>,
    pub verifier: Box<dyn JwsVerifier>,
}

impl Purpose for Signing {
    type Alg = SigningAlg;

    const ALGS: &'static [SigningAlg] = &SigningAlg::ALL;
    const FILES: &'static str = "signing-";
    const SINCE: &'static str = "signs_from";
    const USE: &'static str = "sig";

    fn name(alg: SigningAlg) -> &'static str {
        alg.as_str()
    }

    fn generate(alg: SigningAlg) -> anyhow::Result<Jwk> {
        Ok(match alg {
            SigningAlg::ES256 => Jwk::generate_ec_key(EcCurve::P256)?,
            SigningAlg::PS256 | SigningAlg::RS256 => Jwk::generate_rsa_key(2048)?,
            SigningAlg::EdDSA => Jwk::generate_ed_key(EdCurve::Ed25519)?,
        })
    }

    fn of(alg: SigningAlg, jwk: &Jwk) -> anyhow::Result<Self> {
        let (signer, verifier): (Box<dyn JwsSigner>, Box<dyn JwsVerifier>) = match alg {
            SigningAlg::ES256 => {
                let es256 = EcdsaJwsAlgorithm::Es256;
                (Box::new(es256.signer_from_jwk(jwk)?), Box::new(es256.verifier_from_jwk(jwk)?))
            }
            SigningAlg::PS256 => {
                let ps256 = RsassaPssJwsAlgorithm::Ps256;
                (Box::new(ps256.signer_from_jwk(jwk)?), Box::new(ps256.verifier_from_jwk(jwk)?))
            }
            SigningAlg::RS256 => {
                let rs256 = RsassaJwsAlgorithm::Rs256;
                (Box::new(rs256.signer_from_jwk(jwk)?), Box::new(rs256.verifier_from_jwk(jwk)?))
            }
            SigningAlg::EdDSA => {
                let eddsa = EddsaJwsAlgorithm::Eddsa;
                (Box::new(eddsa.signer_from_jwk(jwk)?), Box::new(eddsa.verifier_from_jwk(jwk)?))
            }
        };
        Ok(Self { signer, verifier })
    }
}
