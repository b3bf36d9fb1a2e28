//! Paths that pages link to. `router.rs` serves them.

use url::form_urlencoded;

pub const ACCOUNT: &str = "/account";
pub const ACCOUNT_CLOSE: &str = "/account/close";
pub const ACCOUNT_DATA: &str = "/account/data";
pub const ACCOUNT_DETAILS: &str = "/account/details";
pub const ACCOUNT_ENDED: &str = "/account/ended";
pub const ACCOUNT_ENTITY_CHANGE: &str = "/account/entity-change";
pub const ACCOUNT_HISTORY: &str = "/account/history";
pub const ACCOUNT_NEW_PHONE: &str = "/account/new-phone";
pub const ACCOUNT_OPERATORS: &str = "/account/operators";
pub const ACCOUNT_OPERATORS_ADD: &str = "/account/operators/add";
pub const ACCOUNT_OPERATORS_VERIFY: &str = "/account/operators/verify";
pub const ACCOUNT_PASSWORD: &str = "/account/password";
pub const ACCOUNT_PHONE: &str = "/account/phone";
pub const ACCOUNT_PORTALS: &str = "/account/portals";
pub const ACCOUNT_REPRESENTATIVE: &str = "/account/representative";
pub const ACCOUNT_SESSIONS: &str = "/account/sessions";
pub const APPEALS: &str = "/appeals";
pub const DEVICE: &str = "/device";
pub const DEVICE_CONFIRM: &str = "/device/confirm";
pub const RECOVERY: &str = "/recovery";
pub const RECOVERY_CHECK: &str = "/recovery/check";
pub const RECOVERY_DONE: &str = "/recovery/done";
pub const RECOVERY_SET_PASSWORD: &str = "/recovery/set-password";
pub const RECOVERY_VERIFY_SMS: &str = "/recovery/verify-sms";
pub const REGISTER_LEGAL_ENTITY: &str = "/registration/legal-entity";
pub const REGISTER_PERSONAL: &str = "/registration/personal";
pub const REGISTRATION_DONE: &str = "/registration/done";
pub const SIGN_IN: &str = "/sign-in";
pub const SIGN_IN_CHOOSE_IDENTITY: &str = "/sign-in/choose-identity";
pub const SIGN_IN_FINISH: &str = "/sign-in/finish";
pub const SIGN_IN_LEGAL_ENTITY: &str = "/sign-in/legal-entity";
pub const SIGN_IN_NEW_PASSWORD: &str = "/sign-in/new-password";
pub const SIGN_IN_PASSWORD: &str = "/sign-in/password";
pub const SIGN_IN_OPERATOR: &str = "/sign-in/operator";
pub const SIGN_IN_PERSONAL: &str = "/sign-in/personal";
pub const SIGN_IN_QR: &str = "/sign-in/qr";
pub const SIGN_IN_QR_EVENTS: &str = "/sign-in/qr/events";
pub const SIGN_IN_QR_FINISH: &str = "/sign-in/qr/finish";
pub const SIGN_IN_QR_PICTURE: &str = "/sign-in/qr/code.svg";
pub const SIGN_IN_QR_RENEW: &str = "/sign-in/qr/renew";
pub const SIGN_IN_QR_STATE: &str = "/sign-in/qr/state";
pub const SIGN_OUT: &str = "/sign-out";
pub const SIGN_OUT_DONE: &str = "/sign-out/done";

/// A page of the sign-in that goes on with a pending authorization request, if there is one.
pub fn with_request(path: &str, request: Option<&str>) -> String {
    match request {
        Some(id) => format!(
            "{path}?{}",
            form_urlencoded::Serializer::new(String::new()).append_pair("request", id).finish()
        ),
        None => path.to_owned(),
    }
}

/// 忘记密码 for whoever signs in at `sign_in`, which goes by the same word there.
pub fn recovery(sign_in: &str, request: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("as", sign_in.rsplit('/').next().unwrap_or_default());
    if let Some(request) = request {
        query.append_pair("request", request);
    }
    format!("{RECOVERY}?{}", query.finish())
}

/// A path for a ticket, of 扫码登录 or for a new password, and for the request that waits for it.
pub fn with_ticket(path: &str, ticket: &str, request: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("ticket", ticket);
    if let Some(request) = request {
        query.append_pair("request", request);
    }
    format!("{path}?{}", query.finish())
}

/// Where a telephone scans and confirms.
pub fn scan(code: &str) -> String {
    format!("/scan/{code}")
}

/// Back to a portal's request, without the second device that it asked for.
pub fn without_second_device(request: &str) -> String {
    format!("{}&without_second_device=1", with_request("/authorize/resume", Some(request)))
}

pub fn captcha_picture(id: &str) -> String {
    format!("/captcha/{id}/picture.png")
}

pub fn captcha_proof(id: &str) -> String {
    format!("/captcha/{id}/proof")
}

pub fn display(switch: &str, to: &str, here: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("switch", switch).append_pair("to", to).append_pair("return_to", here);
    format!("/display?{}", query.finish())
}
