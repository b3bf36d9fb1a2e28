//! 注销账号: what is left of an account that its owner gave up. The rows stay, without names or numbers, for the
//! audit records that the law wants kept (互联网政务应用安全管理规定, article 20), and with them which version of the agreements
//! was agreed to and when (电子签名法), which says nothing of a person.

use sqlx::AnyConnection;

use crate::domain::timestamp::Timestamp;

/// Empties an account for good. Its names, codes and numbers are free again.
///
/// # Errors
/// When the database fails.
pub async fn erase(tx: &mut AnyConnection, account_id: &str, now: Timestamp) -> sqlx::Result<()> {
    for sql in [
        "DELETE FROM consents WHERE account_id = $1",
        "DELETE FROM password_history WHERE account_id = $1",
        "DELETE FROM account_changes WHERE account_id = $1",
        "DELETE FROM account_details WHERE account_id = $1",
        "DELETE FROM profiles WHERE account_id = $1",
        "DELETE FROM register_checks WHERE account_id = $1",
        "DELETE FROM devices WHERE account_id = $1",
        "DELETE FROM persons WHERE account_id = $1",
        "UPDATE legal_entities SET login_name = '', login_name_key = account_id, credit_code = account_id,
            name = '', representative_name = NULL, representative_document_type = NULL,
            representative_document = NULL, representative_document_index = NULL,
            representative_validity = NULL, phone = NULL, phone_index = NULL
        WHERE account_id = $1",
    ] {
        sqlx::query(sql).bind(account_id).execute(&mut *tx).await?;
    }
    let operators = "UPDATE operators SET removed_at = COALESCE(removed_at, $2), document_index = account_id,
            phone_index = account_id, name_index = NULL, department = '', name = $3, document = $3, phone = $3
        WHERE account_id = $1";
    let nothing: &[u8] = &[];
    let query = sqlx::query(operators).bind(account_id).bind(now.millis()).bind(nothing);
    query.execute(&mut *tx).await?;
    let account = "UPDATE accounts SET disabled_at = $2, password_hash = NULL, password_set_at = NULL
        WHERE id = $1";
    sqlx::query(account).bind(account_id).bind(now.millis()).execute(tx).await.map(drop)
}
