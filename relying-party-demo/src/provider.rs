//! The provider as the portals know it: its discovery document and its keys.
//!
//! Asked for when a page first needs it (the provider may start after the portals), then kept. Asked
//! for again when a token is signed by a key that is not among those kept: keys are rotated.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreSubjectIdentifierType,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalProviderMetadata, ClientId, EmptyExtraTokenFields, EndSessionUrl, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, ProviderMetadata, RedirectUrl, RevocationUrl,
    StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, RwLock};
use url::Url;

use crate::account::SessionClaims;
use crate::portal::Credentials;
use crate::relying_party::RelyingParty;

/// Neither a provider that is down nor a forged token makes us ask more often than this.
const PAUSE: Duration = Duration::from_secs(1);

/// What we read of the discovery document beyond what the crate reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MoreMetadata {
    #[serde(default)]
    pub end_session_endpoint: Option<EndSessionUrl>,
    /// RFC 7009
    #[serde(default)]
    pub revocation_endpoint: Option<RevocationUrl>,
    /// RFC 9207
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}
impl AdditionalProviderMetadata for MoreMetadata {}

pub type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

pub type TokenResponse = StandardTokenResponse<
    IdTokenFields<
        SessionClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// A portal as a client of this provider. The crate's own `CoreClient` knows no claim `sid`.
pub type Client = openidconnect::Client<
    SessionClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenResponse,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The provider does not answer, or not as one.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the provider cannot be reached")]
pub struct Unreachable;

pub struct Provider {
    issuer: IssuerUrl,
    pub http: reqwest::Client,
    known: RwLock<Option<Arc<Metadata>>>,
    asked: Mutex<Option<Instant>>,
}

impl Provider {
    pub fn new(issuer: String) -> anyhow::Result<Self> {
        Ok(Self {
            issuer: IssuerUrl::new(issuer).context("issuer is not a URL")?,
            http: reqwest::Client::builder()
                // An endpoint that redirects is not one that the discovery document named.
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(Duration::from_secs(5))
                .timeout(Duration::from_secs(15))
                .build()
                .context("cannot make an HTTP client")?,
            known: RwLock::new(None),
            asked: Mutex::new(None),
        })
    }

    pub fn issuer(&self) -> &Url {
        self.issuer.url()
    }

    pub fn origin(&self) -> String {
        self.issuer.url().origin().ascii_serialization()
    }

    /// A page or an endpoint of the provider that its discovery document does not name; `path` begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.as_str().trim_end_matches('/'))
    }

    /// 账号设置: the account centre, where visitors manage their account at the provider.
    pub fn account_url(&self) -> String {
        self.url("/account")
    }

    pub async fn metadata(&self) -> Result<Arc<Metadata>, Unreachable> {
        match self.known().await {
            Some(known) => Ok(known),
            None => self.ask_again(None).await,
        }
    }

    /// The lock is let go at once: whoever asks the provider needs it to write down the answer.
    async fn known(&self) -> Option<Arc<Metadata>> {
        self.known.read().await.clone()
    }

    /// Newer than `seen`, if there is anything newer.
    pub async fn ask_again(&self, seen: Option<&Arc<Metadata>>) -> Result<Arc<Metadata>, Unreachable> {
        let mut asked = self.asked.lock().await;
        // While we waited for our turn somebody else may have asked: then their answer is ours.
        let known = self.known().await;
        let newer = known.as_ref().is_some_and(|known| seen.is_none_or(|seen| !Arc::ptr_eq(known, seen)));
        if newer || asked.is_some_and(|at| at.elapsed() < PAUSE) {
            return known.ok_or(Unreachable);
        }
        let answer = Metadata::discover_async(self.issuer.clone(), &self.http).await;
        *asked = Some(Instant::now());
        match answer {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *self.known.write().await = Some(metadata.clone());
                Ok(metadata)
            }
            Err(error) => {
                tracing::warn!(issuer = self.issuer.as_str(), error = ?error, "the provider cannot be discovered");
                known.ok_or(Unreachable)
            }
        }
    }
}

pub fn client(
    metadata: &Metadata,
    party: RelyingParty,
    credentials: Credentials,
    public_url: &str,
) -> anyhow::Result<Client> {
    let redirect_uri = RedirectUrl::new(party.url(public_url, "callback"))?;
    Ok(Client::from_provider_metadata(metadata.clone(), ClientId::new(party.client_id()), credentials.secret)
        .set_redirect_uri(redirect_uri))
}
