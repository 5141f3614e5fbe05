"""Addresses are read out of what strace writes, and told apart from this machine's."""

from benchmarks.contacted import contacts, is_here

LOG = """\
711 connect(3, {sa_family=AF_UNIX, sun_path="/run/nscd/socket"}, 110) = -1 ENOENT (No such file or directory)
711 connect(9, {sa_family=AF_INET, sin_port=htons(4200), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
712 sendto(3, "x", 1, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.1")}, 16) = 1
713 sendto(4, "x", 1, 0, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), \
inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = 1
714 sendto(9, "GET / HTTP/1.1", 14, 0, NULL, 0) = 14
714 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=715, si_uid=0, si_status=0, si_utime=0, si_stime=0} ---
"""


def test_each_contact_of_a_network_is_read_with_its_address() -> None:
    assert list(contacts(LOG)) == [("127.0.0.1", 4200), ("192.0.2.1", 53), ("2001:db8::1", 443)]


def test_this_machine_is_known_by_its_addresses_and_its_name() -> None:
    assert all(map(is_here, ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::", "0.0.0.0", "localhost")))
    assert not any(
        map(is_here, ("192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "example.org", "localhost.example.org"))
    )
