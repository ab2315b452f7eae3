# SPDX-License-Identifier: ISC
"""Servers in whose plain dialogue TLS begins, as real programs: aiosmtpd, Dovecot,
pyftpdlib, vsftpd and PostgreSQL, each in a folder of its test's own."""

import grp
import os
import pwd
import subprocess

from harness import Process, free_port, listens, wait_for

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")
PYTHON = "/usr/bin/python3"  # the one that the distribution's modules are for
USER, PASSWORD = "me", "secret"


DOVECOT_2_3 = """
ssl_cert = <{certificate}
ssl_key = <{key}
mail_location = maildir:{base}/mail
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/mail
}}
"""

DOVECOT_2_4 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
ssl_server_cert_file = {certificate}
ssl_server_key_file = {key}
mail_driver = maildir
mail_path = {base}/mail
namespace inbox {{
  inbox = yes
}}
passdb static {{
  password = {password}
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {base}/mail
  }}
}}
"""


def waits_to_listen(process, port):
    def ready():
        if process.process.poll() is not None:
            raise AssertionError(f"{process.name} ended: {process.output()}")
        return listens(port)
    wait_for(ready, f"{process.name} to listen")


class Scripted(Process):
    """One of t/e2e/peers that prints its port."""

    def __init__(self, test, script, *arguments):
        super().__init__(test, [PYTHON, os.path.join(PEERS, script), *arguments],
                         script)
        self.port = int(wait_for(self.said, f"{script} to listen").split()[0])

    def said(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended: {self.output()}")
        text = self.output()
        return text if "\n" in text else None


class Smtp(Scripted):
    def __init__(self, test, pair):
        self.mail = os.path.join(test.directory, "mail")
        super().__init__(test, "smtp.py", *pair, self.mail)

    def got(self):
        with open(self.mail, "rb") as mail:
            return mail.read()


class Ftp(Scripted):
    def __init__(self, test, pair):
        self.root = os.path.join(test.directory, "files")
        os.mkdir(self.root)
        super().__init__(test, "ftp.py", *pair, self.root)

    def path(self, name):
        return os.path.join(self.root, name)


class Vsftpd(Process):
    """For whoever calls himself "ftp", into the folder "up"; data connections have to
    go on with the control connection's session, which is its default."""

    def __init__(self, test, pair):
        self.port = free_port()
        self.root = os.path.join(test.directory, "vsftpd")
        os.makedirs(os.path.join(self.root, "up"))
        os.chmod(os.path.join(self.root, "up"), 0o777)
        os.chmod(test.directory, 0o755)
        empty = os.path.join(test.directory, "empty")
        os.mkdir(empty)
        me = "daemon" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        path = os.path.join(test.directory, "vsftpd.conf")
        with open(path, "w", encoding="ascii") as out:
            out.write(f"""listen=YES
listen_address=127.0.0.1
listen_port={self.port}
background=NO
run_as_launching_user={"NO" if os.getuid() == 0 else "YES"}
local_enable=NO
anonymous_enable=YES
anon_root={self.root}
anon_upload_enable=YES
write_enable=YES
ftp_username={me}
nopriv_user={me}
secure_chroot_dir={empty}
seccomp_sandbox=NO
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
ssl_request_cert=NO
ssl_ciphers=HIGH
rsa_cert_file={pair[0]}
rsa_private_key_file={pair[1]}
""")
        super().__init__(test, ["vsftpd", path], "vsftpd")
        waits_to_listen(self, self.port)


class Dovecot(Process):
    """IMAP and POP3 for one mail box, the password of which is asked in TLS alone.
    Started by root it has users of its own, and the mail box is nobody's."""

    def __init__(self, test, pair, mail=b"Subject: hello\r\n\r\nthrough the glass\r\n"):
        self.imap, self.pop3 = free_port(), free_port()
        base = os.path.join(test.directory, "dovecot")
        for name in ("run", "state", "mail/new", "mail/cur", "mail/tmp"):
            os.makedirs(os.path.join(base, name))
        with open(os.path.join(base, "mail/new/1.test"), "wb") as out:
            out.write(mail)
        root = os.getuid() == 0
        owner = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.getuid())
        if root:
            for at, _, names in os.walk(os.path.join(base, "mail")):
                for path in [at, *(os.path.join(at, n) for n in names)]:
                    os.chown(path, owner.pw_uid, owner.pw_gid)
            os.chmod(test.directory, 0o755)
        me, group = owner.pw_name, grp.getgrgid(os.getgid()).gr_name
        roles = "" if root else (
            f"default_internal_user = {me}\ndefault_login_user = {me}\n"
            f"default_internal_group = {group}\n")
        path = os.path.join(base, "dovecot.conf")
        with open(path, "w", encoding="ascii") as out:
            out.write((DOVECOT_2_4 if self.is_new() else DOVECOT_2_3).format(
                certificate=pair[0], key=pair[1], base=base, uid=owner.pw_uid,
                gid=owner.pw_gid, password=PASSWORD) + f"""
base_dir = {base}/run
state_dir = {base}/state
log_path = /dev/stderr
protocols = imap pop3
listen = 127.0.0.1
ssl = required
first_valid_uid = 1
{roles}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {self.pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
""")
        super().__init__(test, ["dovecot", "-F", "-c", path], "dovecot")
        for port in (self.imap, self.pop3):
            waits_to_listen(self, port)

    def is_new(self):
        """Whether it reads the configuration of 2.4, and no older one."""
        version = subprocess.run(["dovecot", "--version"], capture_output=True,
                                 text=True, check=True).stdout
        return tuple(map(int, version.split()[0].split(".")[:2])) >= (2, 4)


def find_postgresql(name):
    """A program of the newest PostgreSQL that is installed."""
    top = "/usr/lib/postgresql"
    versions = sorted(os.listdir(top), key=int) if os.path.isdir(top) else []
    return os.path.join(top, versions[-1], "bin", name) if versions else name


class Postgresql(Process):
    """A database cluster of the test's own, for its user and over TLS alone."""

    def __init__(self, test, pair):
        self.port = free_port()
        data = os.path.join(test.directory, "postgresql")
        os.mkdir(data)
        who = {}
        if os.getuid() == 0:  # it does not run as root
            user = pwd.getpwnam("postgres")
            who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(data, user.pw_uid, user.pw_gid)
            os.chmod(test.directory, 0o755)
        subprocess.run(
            [find_postgresql("initdb"), "-D", data, "-U", USER, "-A", "trust", "-N",
             "--no-locale", "-E", "UTF8"], cwd=data, check=True,
            capture_output=True, **who)
        for file, name in zip(pair, ("server.crt", "server.key")):
            path = os.path.join(data, name)
            with open(file, "rb") as source, open(path, "wb") as out:
                out.write(source.read())
            os.chmod(path, 0o600)
            if who:
                os.chown(path, who["user"], who["group"])
        with open(os.path.join(data, "pg_hba.conf"), "w", encoding="ascii") as out:
            out.write("hostssl all all 127.0.0.1/32 trust\n")
        super().__init__(
            test, [find_postgresql("postgres"), "-D", data, "-p", str(self.port),
                   "-c", "listen_addresses=127.0.0.1", "-c", "ssl=on",
                   "-c", "unix_socket_directories=", "-c", "fsync=off",
                   "-c", "shared_buffers=1MB", "-c", "max_connections=10"],
            "postgres", cwd=data, **who)
        waits_to_listen(self, self.port)
