//! 手机号码 and 短信验证码 in a form: what the buttons beside them do, and what the form proves in the end.

use serde::Deserialize;

use super::captcha::{CaptchaFields, CaptchaView};
use super::{Errors, Visitor};
use crate::app::App;
use crate::domain::mask;
use crate::domain::normalize::normalize_code;
use crate::domain::phone::Phone;
use crate::guard::captcha;
use crate::guard::sms_code::{self, CodeRefusal, Purpose, Standing};

/// The fields for a code to a telephone that the server knows.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CodeFields {
    phone_code: String,
    /// The button, if it was not the form's own: `send_code`.
    action: String,
    #[serde(flatten)]
    captcha: CaptchaFields,
}

/// The fields for a telephone that the visitor types.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct PhoneFields {
    phone: String,
    /// What proves the telephone once its code was right.
    phone_token: String,
    #[serde(flatten)]
    code: CodeFields,
}

/// What components/sms.html shows.
pub struct PhoneView {
    pub purpose: &'static str,
    pub phone: String,
    pub masked: String,
    /// Empty until the telephone is proved.
    pub token: String,
    pub captcha: Option<CaptchaView>,
    pub notice: Option<String>,
}

/// A telephone that is proved, and by what.
#[derive(Debug, Clone)]
pub struct ProvedPhone {
    pub phone: Phone,
    pub token: String,
    /// The proof was used up before: this form has come twice.
    pub spent: bool,
}

impl CodeFields {
    /// Whether the form's own button was pressed, rather than one beside a field.
    pub fn is_submission(&self) -> bool {
        self.action.is_empty() && !self.captcha.wants_another()
    }

    /// Sends a code if that is what the visitor pressed; the errors are none if it is under way, or if only another
    /// picture was wanted. Gives whether it is under way.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn send_if_asked(
        &self,
        app: &App,
        visitor: &Visitor,
        purpose: Purpose,
        phone: &Phone,
    ) -> anyhow::Result<Result<bool, Errors>> {
        if self.action != "send_code" {
            return Ok(Ok(false));
        }
        let passed = match captcha::pass(app, self.captcha.answer()).await? {
            Ok(passed) => passed,
            Err(refusal) => return Ok(Err(Errors::none().at("captcha_answer", refusal.to_string()))),
        };
        Ok(match sms_code::send(app, &visitor.caller, purpose, phone, passed).await? {
            Ok(()) => Ok(true),
            Err(refusal) => Err(Errors::none().at("phone_code", refusal.to_string())),
        })
    }

    /// The code as typed.
    pub fn code(&self) -> &str {
        &self.phone_code
    }
}

impl PhoneFields {
    pub fn is_submission(&self) -> bool {
        self.code.is_submission()
    }

    /// The number, as well as it can be read.
    pub fn number(&self) -> String {
        Phone::parse(&self.phone)
            .map_or_else(|_| normalize_code(&self.phone), |phone| phone.as_str().to_owned())
    }

    /// What is wrong with the number's form; says nothing of an empty one.
    pub fn check_form(&self, errors: &mut Errors) {
        if let (false, Err(error)) = (self.phone.trim().is_empty(), Phone::parse(&self.phone)) {
            errors.add("phone", error.to_string());
        }
    }

    /// Does what the button beside a field is for; gives what to tell.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn press_button(
        &mut self,
        app: &App,
        visitor: &Visitor,
        purpose: Purpose,
    ) -> anyhow::Result<Result<Option<String>, Errors>> {
        if self.code.action == "change_phone" {
            self.phone_token.clear();
            return Ok(Ok(None));
        }
        if self.code.action != "send_code" {
            return Ok(Ok(None));
        }
        let phone = match Phone::parse(&self.phone) {
            Ok(phone) => phone,
            Err(error) => return Ok(Err(Errors::none().at("phone", error.to_string()))),
        };
        self.phone_token.clear();
        let sent = self.code.send_if_asked(app, visitor, purpose, &phone).await?;
        Ok(sent.map(|_| Some(sent_to(&phone))))
    }

    /// The proved telephone of a submitted form; what is wrong joins the errors, of number and code at once. A right
    /// code is used up here and becomes a token that the page keeps, so that a refusal of another field does not ask for
    /// a second code.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prove(
        &mut self,
        app: &App,
        visitor: &Visitor,
        purpose: Purpose,
        errors: &mut Errors,
    ) -> anyhow::Result<Option<ProvedPhone>> {
        let Some(phone) = errors.take("phone", &self.phone, "请输入手机号码", Phone::parse) else {
            if self.phone_token.is_empty() && self.code.phone_code.trim().is_empty() {
                errors.add("phone_code", CodeRefusal::Missing.to_string());
            }
            return Ok(None);
        };
        if self.phone_token.is_empty() {
            let code = &self.code.phone_code;
            match sms_code::prove(app, &visitor.caller, purpose, &phone, code).await? {
                Ok(token) => self.phone_token = token,
                Err(refusal) => {
                    errors.add("phone_code", refusal.to_string());
                    return Ok(None);
                }
            }
        }
        let (caller, token) = (&visitor.caller, self.phone_token.clone());
        let spent = match sms_code::standing(app, caller, purpose, &phone, &token).await? {
            Standing::Good => false,
            Standing::Spent => true,
            Standing::Missing => {
                self.phone_token.clear();
                errors.add("phone_code", CodeRefusal::Expired.to_string());
                return Ok(None);
            }
        };
        Ok(Some(ProvedPhone { phone, token, spent }))
    }

    /// A proof that has expired meanwhile: the page asks for a code again.
    pub fn forget_proof(&mut self) {
        self.phone_token.clear();
    }

    /// # Errors
    /// When the database fails.
    pub async fn view(
        &self,
        app: &App,
        purpose: Purpose,
        notice: Option<String>,
    ) -> anyhow::Result<PhoneView> {
        let captcha =
            if self.phone_token.is_empty() { CaptchaView::before_sending(app).await? } else { None };
        Ok(PhoneView {
            purpose: purpose.as_str(),
            phone: self.phone.clone(),
            masked: Phone::parse(&self.phone).map(|phone| mask::phone(phone.as_str())).unwrap_or_default(),
            token: self.phone_token.clone(),
            captcha,
            notice,
        })
    }
}

/// What a visitor is told who typed the number, or is signed in with it.
pub fn sent_to(phone: &Phone) -> String {
    format!("验证码已发送至 {}，请注意查收", phone.masked())
}
