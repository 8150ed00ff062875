using Microsoft.Extensions.Logging.Abstractions;
using Winnow.Silo.Hosting;
using Winnow.Silo.Peers;
using Winnow.Testing;

namespace Winnow.Web.Tests.Security;

/// <summary>
/// The certificates of a silo: what is not sound ends the start with the option's name, and never takes the place of what is.
/// </summary>
[Trait("kind", "security")]
public sealed class SiloTlsTests : IDisposable
{
    private readonly SiloCertificateFolder _folder = new();
    private readonly SiloCertificateFolder _other = new();

    public void Dispose()
    {
        _folder.Dispose();
        _other.Dispose();
    }

    private SiloTlsSettings Settings => new()
    {
        CertificateFile = _folder.PathOf("silo-certificate"),
        KeyFile = _folder.PathOf("silo-key"),
        AuthorityFile = _folder.PathOf("silo-authority"),
    };

    [Fact]
    public void What_the_script_makes_is_sound()
    {
        Assert.Null(Settings.Check(TimeProvider.System));
        _folder.Renew("--authority");
        // Still by the old one, which is still trusted.
        Assert.Null(Settings.Check(TimeProvider.System));
        _folder.Renew();
        _folder.Renew("--forget");
        Assert.Null(Settings.Check(TimeProvider.System));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("192.0.2.1")]
    public void A_cluster_without_certificates_does_not_start_wherever_it_listens(string address)
    {
        string[] cluster =
        [
            "--urls", "http://127.0.0.1:0", "--Cluster:AdvertisedAddress", address, "--Postgres:ConnectionString",
            "Host=127.0.0.1;Database=winnow",
            "--S3:Endpoint", "http://127.0.0.1:1", "--S3:Bucket", "winnow", "--S3:AccessKey", "a", "--S3:SecretKey", "b",
        ];
        var refused = Assert.Throws<InvalidOperationException>(() => WinnowHost.Build(cluster)).Message;
        Assert.StartsWith("Cluster:Tls:CertificateFile is not set.", refused, StringComparison.Ordinal);
        Assert.Contains("deploy/make-secrets", refused, StringComparison.Ordinal);
        // Plain silos may be taken in for a while; without a certificate of its own nothing starts even so.
        Assert.Throws<InvalidOperationException>(() => WinnowHost.Build([.. cluster, "--Cluster:Tls:AllowPlain", "true"]));
    }

    public static TheoryData<string, string, string> Faults => new()
    {
        { "CertificateFile", "", "holds no certificate" },
        { "CertificateFile", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "Cluster:Tls:CertificateFile" },
        { "KeyFile", "", "does not hold the private key" },
        { "KeyFile", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "has a password" },
        { "AuthorityFile", "no PEM", "holds no certificate" },
    };

    [Theory, MemberData(nameof(Faults))]
    public void A_file_that_is_not_sound_is_named(string option, string content, string says)
    {
        var file = _folder.PathOf("wrong");
        File.WriteAllText(file, content);
        var wrong = Replace(option, file).Check(TimeProvider.System);
        Assert.Contains($"Cluster:Tls:{option} '{file}'", wrong, StringComparison.Ordinal);
        Assert.Contains(says, wrong, StringComparison.Ordinal);
        // A key is nobody's to read in a log.
        if (content.Length > 0) Assert.DoesNotContain("AAAA", wrong, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CertificateFile", "does not hold the private key")]
    [InlineData("KeyFile", "does not hold the private key")]
    [InlineData("AuthorityFile", "of another authority")]
    public void Files_that_do_not_fit_together_are_refused(string option, string says)
    {
        var name = option switch { "CertificateFile" => "silo-certificate", "KeyFile" => "silo-key", _ => "silo-authority" };
        Assert.Contains(says, Replace(option, _other.PathOf(name)).Check(TimeProvider.System), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_and_a_certificate_that_has_ended_are_refused()
    {
        Assert.Contains("Cluster:Tls:KeyFile '/nowhere' cannot be read", Replace("KeyFile", "/nowhere").Check(TimeProvider.System),
            StringComparison.Ordinal);
        Assert.Contains("cannot be read", Replace("KeyFile", Path.GetTempPath()).Check(TimeProvider.System), StringComparison.Ordinal);
        var later = Settings.Check(new At(TimeProvider.System.GetUtcNow().AddDays(366)));
        Assert.Contains("Cluster:Tls:CertificateFile", later, StringComparison.Ordinal);
        Assert.Contains("renew-certificates", later, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rotation_that_stands_half_done_leaves_the_old_certificate_in_use()
    {
        var certificates = new SiloCertificates(Settings, TimeProvider.System, NullLogger<SiloCertificates>.Instance);
        var before = certificates.Current;
        var (certificate, key) = (File.ReadAllText(_folder.PathOf("silo-certificate")), File.ReadAllText(_folder.PathOf("silo-key")));
        _folder.Renew();
        var renewed = File.ReadAllText(_folder.PathOf("silo-key"));
        foreach (var half in new[] { key, "", renewed[..40] })
        {
            File.WriteAllText(_folder.PathOf("silo-key"), half);
            certificates.Refresh();
            Assert.Same(before, certificates.Current);
        }
        File.WriteAllText(_folder.PathOf("silo-key"), renewed);
        certificates.Refresh();
        Assert.NotEqual(before.Certificate.Thumbprint, certificates.Current.Certificate.Thumbprint);
        // And back again.
        File.WriteAllText(_folder.PathOf("silo-certificate"), certificate);
        File.WriteAllText(_folder.PathOf("silo-key"), key);
        certificates.Refresh();
        Assert.Equal(before.Certificate.Thumbprint, certificates.Current.Certificate.Thumbprint);
    }

    private SiloTlsSettings Replace(string option, string file) => new()
    {
        CertificateFile = option == "CertificateFile" ? file : Settings.CertificateFile,
        KeyFile = option == "KeyFile" ? file : Settings.KeyFile,
        AuthorityFile = option == "AuthorityFile" ? file : Settings.AuthorityFile,
    };

    private sealed class At(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
