using System.Globalization;
using Winnow.Model.Security;

namespace Winnow.Adapters.Objects.S3;

/// <summary>How to reach one S3 server.</summary>
public class S3EndpointOptions
{
    /// <summary>
    /// Address of the server, such as <c>https://s3.eu-central-1.amazonaws.com</c> or <c>http://minio:9000</c>. Required.
    /// </summary>
    public string Endpoint { get; set; } = "";

    /// <summary>Region that requests are signed for. Default <c>us-east-1</c>, which servers without regions take.</summary>
    public string Region { get; set; } = "us-east-1";

    /// <summary>Access key. Required, unless <see cref="AccessKeyFile"/> is set.</summary>
    public string? AccessKey { get; set; }

    /// <summary>A file that holds the access key, such as a mounted secret. Default none.</summary>
    public string? AccessKeyFile { get; set; }

    /// <summary>Secret key. Required, unless <see cref="SecretKeyFile"/> is set.</summary>
    public string? SecretKey { get; set; }

    /// <summary>A file that holds the secret key, such as a mounted secret. Default none.</summary>
    public string? SecretKeyFile { get; set; }

    /// <summary>
    /// Whether the bucket stands in the path and not in the host name. Default true, which every server but the newest AWS regions takes.
    /// </summary>
    public bool PathStyle { get; set; } = true;

    /// <summary>Longest wait for a connection. 100 ms to 1 min. Default 3 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Longest wait for an answer, and for the next bytes of one. 100 ms to 10 min. Default 10 s; an upload gets a second more per MiB.
    /// </summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a request is repeated that meets a lost connection, a timeout or a busy server. 0 to 10 min. Default 30 s.
    /// </summary>
    public TimeSpan RetryFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Requests of one bulk operation on their way at once. 1 to 256. Default 16.</summary>
    public int Concurrency { get; set; } = 16;

    /// <summary>Checks all settings.</summary>
    /// <param name="section">Where they stand in the configuration, such as <c>S3</c>.</param>
    /// <exception cref="ArgumentException">A setting is missing or out of range; the message names it.</exception>
    public virtual void Validate(string section = "S3")
    {
        if (!Uri.TryCreate(Endpoint, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps) || address.AbsolutePath != "/"
            || address.UserInfo.Length > 0)
            throw new ArgumentException(
            $"{section}:{nameof(Endpoint)} must be an address such as https://s3.example.org, without a path or a user, not '{Endpoint}'.");
        if (string.IsNullOrWhiteSpace(Region))
            throw new ArgumentException($"{section}:{nameof(Region)} must name a region; servers without regions take us-east-1.");
        CheckRange(section, nameof(ConnectTimeout), ConnectTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        CheckRange(section, nameof(Timeout), Timeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        CheckRange(section, nameof(RetryFor), RetryFor, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        if (Concurrency is < 1 or > 256)
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{section}:{nameof(Concurrency)} must be 1 to 256, not {Concurrency}."));
        ReadCredentials(section);
    }

    /// <summary>The key pair in force.</summary>
    /// <exception cref="ArgumentException">A key is not set or its file cannot be read; the message names the setting, never the
    /// key.</exception>
    internal S3Credentials ReadCredentials(string section = "S3") =>
        new(Read(section, nameof(AccessKey), AccessKey, AccessKeyFile), Read(section, nameof(SecretKey), SecretKey, SecretKeyFile));

    /// <summary>Checks a span of time.</summary>
    private protected static void CheckRange(string section, string name, TimeSpan value, TimeSpan least, TimeSpan most)
    {
        if (value < least || value > most) throw new ArgumentException($"{section}:{name} must be {least} to {most}, not {value}.");
    }

    private static string Read(string section, string name, string? value, string? file)
    {
        if (file is { Length: > 0 }) value = SecretFile.Read($"{section}:{name}File", file);
        return string.IsNullOrWhiteSpace(value)
            ? throw new ArgumentException($"{section}:{name} is not set. Set it, or {section}:{name}File to a file that holds it.")
            : value.Trim();
    }
}

/// <summary>A key pair. It says nothing of itself when it is written somewhere.</summary>
internal sealed record S3Credentials(string AccessKey, string SecretKey)
{
    public override string ToString() => "S3 credentials";
}
