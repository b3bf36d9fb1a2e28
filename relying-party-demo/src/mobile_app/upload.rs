//! A picture from a form (`multipart/form-data`), of bounded size.

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Multipart, Request};

/// A photo of a telephone with room to spare.
pub const LARGEST: usize = 10 * 1024 * 1024;
/// So much is read and thrown away, so that a browser hears why its picture is refused. Whoever sends more is cut off.
pub const LARGEST_READ: usize = 64 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// No file was chosen.
    Nothing,
    TooLarge,
    /// Not a form, or cut short.
    Malformed,
}

impl Refused {
    /// For the visitor.
    pub fn message(self) -> &'static str {
        match self {
            Self::Nothing => "请先选择一张二维码图片。",
            Self::TooLarge => "图片不能超过 10 MB，请裁剪或压缩后再试。",
            Self::Malformed => "图片没有完整上传，请重新选择。",
        }
    }
}

/// The file of the field `picture`.
///
/// # Errors
/// Why there is none.
pub async fn picture(request: Request) -> Result<Bytes, Refused> {
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| Refused::Malformed)?;
    while let Some(mut field) = form.next_field().await.map_err(|error| refused(&error))? {
        if field.name() != Some("picture") {
            continue;
        }
        let (mut picture, mut length) = (Vec::new(), 0);
        while let Some(chunk) = field.chunk().await.map_err(|error| refused(&error))? {
            length += chunk.len();
            if length <= LARGEST {
                picture.extend_from_slice(&chunk);
            }
        }
        return match length {
            0 => Err(Refused::Nothing),
            1..=LARGEST => Ok(picture.into()),
            _ => Err(Refused::TooLarge),
        };
    }
    Err(Refused::Nothing)
}

fn refused(error: &axum::extract::multipart::MultipartError) -> Refused {
    match error.status() {
        axum::http::StatusCode::PAYLOAD_TOO_LARGE => Refused::TooLarge,
        _ => Refused::Malformed,
    }
}
