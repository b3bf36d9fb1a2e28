//! A captcha as a page shows it, and its fields as a form brings them back.

use serde::Deserialize;

use super::urls;
use crate::app::App;
use crate::guard::captcha::{self, Answer};

pub struct CaptchaView {
    pub id: String,
    pub image: String,
    pub proof_url: String,
}

impl CaptchaView {
    /// Draws a new one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn new(app: &App) -> anyhow::Result<Self> {
        let id = captcha::create(app).await?;
        Ok(Self { image: urls::captcha_picture(&id), proof_url: urls::captcha_proof(&id), id })
    }

    /// One where messages are sent only for those who pass it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn before_sending(app: &App) -> anyhow::Result<Option<Self>> {
        Ok(if app.config.sms.captcha { Some(Self::new(app).await?) } else { None })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CaptchaFields {
    captcha_id: String,
    captcha_answer: String,
    captcha_proof: String,
    /// Another picture, please.
    refresh_captcha: String,
}

impl CaptchaFields {
    pub fn answer(&self) -> Answer<'_> {
        Answer { id: &self.captcha_id, text: &self.captcha_answer, proof: &self.captcha_proof }
    }

    /// `None` if the page had no captcha.
    pub fn answer_if_any(&self) -> Option<Answer<'_>> {
        (!self.captcha_id.is_empty()).then(|| self.answer())
    }

    pub fn wants_another(&self) -> bool {
        !self.refresh_captcha.is_empty()
    }
}
