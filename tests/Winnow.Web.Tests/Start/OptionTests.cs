using Winnow.Silo.Hosting.Settings;

namespace Winnow.Web.Tests.Start;

/// <summary>An option that the server does not know is told, with what may be meant; none is passed over.</summary>
public sealed class OptionTests
{
    [Theory]
    [InlineData("--Shard:RebalanceAftr 00:00:30", "--Shard:RebalanceAftr is no option. Is --Shard:RebalanceAfter meant?")]
    [InlineData("--Shrad:RebalanceAfter 00:00:30", "Is --Shard meant?")]
    [InlineData("--url http://127.0.0.1:1", "Is --urls meant?")]
    [InlineData("--KeyFile f", "Is --Api:KeyFile meant?")]
    [InlineData("--Api:RefusalsPerMinute 5", "Is --Api:Limits:RefusalsPerMinute meant?")]
    [InlineData("--Api:Limits:PerSecnod 5", "Is --Api:Limits:PerSecond meant?")]
    [InlineData("--Scoring:Backbones:own:Pth f", "Is --Scoring:Backbones:own:Path meant?")]
    [InlineData("--Role:Name core", "--Role holds a value and no further options")]
    [InlineData("--Shard 5", "--Shard holds options and no value. Name one of them: --Shard:KeepSuperseded")]
    [InlineData("--Api:Oidc yes", "--Api:Oidc holds options and no value")]
    [InlineData("--Api:Oidc=", "--Api:Oidc holds options and no value")]
    [InlineData("--nonsense 5", "--nonsense is no option. '--help'")]
    [InlineData("--Role", "--Role needs a value")]
    [InlineData("--Rloe", "Is --Role meant?")]
    [InlineData("--Role --Data x", "--Role needs a value")]
    [InlineData("core", "'core' is no option")]
    [InlineData("-v", "'-v' is no option")]
    [InlineData("/Role core", "'/Role' is no option")]
    [InlineData("--Shard:LotSize many", "--Shard:LotSize must be a whole number from -2147483648 to 2147483647, not 'many'")]
    [InlineData("--Shard:LotSize=", "--Shard:LotSize must be a whole number")]
    [InlineData("--Shard:LotSize 99999999999", "--Shard:LotSize must be a whole number")]
    [InlineData("--Shard:RebalanceAfter soon", "--Shard:RebalanceAfter must be a length of time such as 00:00:30, not 'soon'")]
    [InlineData("--Scoring:UseGpu yes", "--Scoring:UseGpu must be true or false, not 'yes'")]
    [InlineData("--OtlpSample half", "--OtlpSample must be a number such as 0.5, not 'half'")]
    [InlineData("--Logging:LogLevel:Default Loud", "--Logging:LogLevel:Default must be Trace or Debug")]
    public void A_wrong_argument_is_told(string arguments, string says) =>
        Assert.Contains(says, Assert.Throws<InvalidOperationException>(() => CommandLine.Parse(arguments.Split(' '))).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("--Role all --Shard:LotSize=5")]
    [InlineData("--role all --shard:lotsize 5 --URLS http://127.0.0.1:0")]
    [InlineData("--Api:Oidc:Roles:staff pets:owner --Buckets:lake:Endpoint http://s3 --Logging:LogLevel:Some.Name Debug")]
    [InlineData("--Kestrel:Certificates:Default:Path cert.pem --Images:MaxBytes 5 --Postgres:ConnectionString Host=db;Database=w")]
    [InlineData("--Scoring:Backbones:own:Path f.onnx --Cluster:SiloPort 1 --S3:Bucket b --Otlp http://c:4317 --Metrics:Url http://h:1")]
    public void Sound_arguments_are_taken_whatever_their_capitals(string arguments) =>
        Assert.NotEmpty(CommandLine.Parse(arguments.Split(' ')));

    [Theory]
    [InlineData("--Role all --role=core", "--role stands twice")]
    [InlineData("--Data a --Data a", "--Data stands twice")]
    [InlineData("--Api:Key=0123456789abcdef --Role all --API:KEY 0123456789abcdeg", "--API:KEY stands twice")]
    public void One_that_stands_twice_is_told(string arguments, string says) => A_wrong_argument_is_told(arguments, says);

    [Theory]
    [InlineData("Api:Key")]
    [InlineData("Api:KeyFile")]
    [InlineData("Api:Proxies")]
    [InlineData("Api:Oidc:Authority")]
    [InlineData("Api:Oidc:Audience")]
    [InlineData("Api:Oidc:SubjectClaim")]
    [InlineData("Api:Oidc:RolesClaim")]
    [InlineData("Api:Oidc:Roles:staff")]
    [InlineData("Cluster:Tls:CertificateFile")]
    [InlineData("Cluster:Tls:KeyFile")]
    [InlineData("Cluster:Tls:AuthorityFile")]
    [InlineData("Postgres:ConnectionString")]
    [InlineData("Postgres:ConnectionStringFile")]
    [InlineData("S3:AccessKey")]
    [InlineData("S3:SecretKey")]
    [InlineData("S3:SecretKeyFile")]
    [InlineData("Buckets:lake:SecretKey")]
    [InlineData("Buckets:lake:Buckets:0")]
    [InlineData("Scoring:Backbones:own:Sha256")]
    public void One_that_is_given_and_blank_is_told(string name)
    {
        foreach (var blank in new[] { "", "                    ", "\t\r\n", "\ufeff" })
            Assert.StartsWith($"--{name} is given, and what is given is blank.",
                Assert.Throws<InvalidOperationException>(() => CommandLine.Parse([$"--{name}", blank])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_may_be_empty_is()
    {
        Assert.Equal(["", ""], CommandLine.Parse(["--S3:Prefix=", "--Api:PathBase", ""]).Select(o => o.Value));
        Assert.Throws<InvalidOperationException>(() => CommandLine.Parse(["--S3:Prefix", " "]));
    }

    [Fact]
    public void Every_option_that_the_server_reads_has_a_name()
    {
        var names = OptionTree.All.Names.ToList();
        Assert.Equal(names.Distinct(StringComparer.OrdinalIgnoreCase), names);
        Assert.Superset(new HashSet<string> { "Role", "Data", "urls", "Otlp", "Metrics:Url", "Api:Key", "Api:Limits:Burst",
            "Images:MaxPixels", "Buckets:NAME:Endpoint", "Scoring:Backbones:NAME:Sha256" }, names.ToHashSet());
        Assert.All(typeof(ClusterSettings).GetProperties()
            .Where(p => p.SetMethod?.IsPublic == true && p.PropertyType.Namespace == "System"), p =>
            Assert.Contains($"Cluster:{p.Name}", names));
    }
}
