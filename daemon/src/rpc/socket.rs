//! The consoles' socket.

use std::path::Path;

use tokio::net::{UnixListener, UnixStream};

/// Opens the socket: 0600 in a directory of mode 0700; with a group, 0660 in a directory that the group may pass. Who
/// may connect still has no more than the role configured for them. A dead socket is replaced; a
/// live one is not, nor is anything else.
pub async fn bind(path: &Path, group: Option<u32>) -> std::io::Result<UnixListener> {
    use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
    let allow = |path: &Path, mode: u32| -> std::io::Result<()> {
        if let Some(group) = group {
            std::os::unix::fs::chown(path, None, Some(group))?;
        }
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
    };
    if let Some(dir) = path.parent()
        && !dir.exists()
    {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        if group.is_some() {
            allow(dir, 0o710)?;
        }
    }
    // A link is not followed: what it leads to may be anybody's.
    if let Ok(there) = std::fs::symlink_metadata(path) {
        if !there.file_type().is_socket() {
            return Err(std::io::Error::new(std::io::ErrorKind::AlreadyExists, "what is there is no socket"));
        }
        if UnixStream::connect(path).await.is_ok() {
            return Err(std::io::Error::new(std::io::ErrorKind::AddrInUse, "another rackhandd listens there"));
        }
        std::fs::remove_file(path)?;
    }
    // Between bind and chmod the directory keeps others out, and who gets in has a role or nothing.
    let listener = UnixListener::bind(path)?;
    allow(path, if group.is_some() { 0o660 } else { 0o600 })?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::super::group_number;
    use super::*;

    #[tokio::test]
    async fn only_a_dead_socket_is_replaced() {
        let home = tempfile::tempdir().unwrap();
        let [file, link, socket] = ["file", "link", "socket"].map(|name| home.path().join(name));
        drop(bind(&socket, None).await.unwrap());
        std::fs::write(&file, "dear").unwrap();
        std::os::unix::fs::symlink(&socket, &link).unwrap();
        for path in [&file, &link, &home.path().to_owned()] {
            let error = bind(path, None).await.unwrap_err();
            assert_eq!(error.to_string(), "what is there is no socket", "{}", path.display());
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "dear");
        assert!(link.symlink_metadata().is_ok());
        let alive = bind(&socket, None).await.unwrap();
        assert_eq!(bind(&socket, None).await.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
        drop(alive);
    }

    #[tokio::test]
    async fn a_socket_is_its_owners_unless_a_group_is_named() {
        let home = tempfile::tempdir().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let own = home.path().join("own/rackhandd.sock");
        let _own = bind(&own, None).await.unwrap();
        assert_eq!((mode(own.parent().unwrap()), mode(&own)), (0o700, 0o600));
        let group = rustix::process::getegid().as_raw();
        let shared = home.path().join("shared/rackhandd.sock");
        let _shared = bind(&shared, Some(group)).await.unwrap();
        assert_eq!((mode(shared.parent().unwrap()), mode(&shared)), (0o710, 0o660));
        assert_eq!(std::fs::metadata(&shared).unwrap().gid(), group);
        assert_eq!(
            (group_number("root"), group_number("4242"), group_number("no such group")),
            (Some(0), Some(4242), None)
        );
    }
}
