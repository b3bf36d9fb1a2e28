//! 设置密码 and 确认密码 in a form, or 新密码 and 确认新密码.

use serde::Deserialize;

use super::Errors;
use crate::domain::password::{Password, PasswordPolicy};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct NewPasswordFields {
    new_password: Password,
    new_password_again: Password,
}

/// What is said of each box that is empty: of an account's first password, and of one in place of another.
pub const FIRST: [&str; 2] = ["请设置密码", "请再次输入密码"];
pub const ANOTHER: [&str; 2] = ["请输入新密码", "请再次输入新密码"];

impl NewPasswordFields {
    /// What can be said without a look at the account; what is wrong joins the errors, of both boxes at once: they come
    /// back empty. `context`: what a password must not contain.
    pub fn check(&self, policy: PasswordPolicy, context: &[&str], missing: [&str; 2], errors: &mut Errors) {
        let (typed, again) = (self.new_password.expose(), self.new_password_again.expose());
        let refusal = match typed {
            "" => Some(missing[0].to_owned()),
            typed => policy.check(typed, context).err().map(|refusal| refusal.to_string()),
        };
        let fits = refusal.is_none();
        if let Some(refusal) = refusal {
            errors.add("new_password", refusal);
        }
        if again.is_empty() {
            errors.add("new_password_again", missing[1]);
        } else if fits && typed != again {
            errors.add("new_password_again", "两次输入的密码不一致");
        }
    }

    pub const fn password(&self) -> &Password {
        &self.new_password
    }
}
