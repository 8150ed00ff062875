using Winnow.Client;
using Winnow.Model.Security;

namespace Winnow.Cli;

/// <summary>
/// How to reach the server, as far as the command line says. What it does not say, variables of the environment do; one that is empty says
/// nothing.
/// </summary>
/// <param name="Server">Of <c>--server</c>.</param>
/// <param name="Key">Of <c>--key</c>.</param>
/// <param name="KeyFile">Of <c>--key-file</c>.</param>
/// <param name="Actor">Of <c>--actor</c>.</param>
/// <param name="Retries">Of <c>--retries</c>.</param>
internal sealed record ConnectionSettings(
    string? Server = null, string? Key = null, string? KeyFile = null, string? Actor = null, int? Retries = null)
{
    public const int MostRetries = 100;

    public const string DefaultServer = "http://127.0.0.1:5080";

    /// <summary>The options of the SDK. Whatever is wrong is said of the option or variable that it stands in.</summary>
    /// <param name="environment">The variables.</param>
    /// <param name="user">Name of the user who started the command; empty for a user without a name.</param>
    /// <exception cref="ArgumentException">Something is wrong.</exception>
    public WinnowClientOptions Read(Func<string, string?> environment, string user)
    {
        var key = ReadKey(environment);
        var options = new WinnowClientOptions
        {
            Address = ReadServer(environment),
            Key = key,
            Actor = ReadActor(environment, key is null ? user : null),
        };
        if (Retries is < 0 or > MostRetries) throw new ArgumentException($"--retries must be 0 to {MostRetries}, not {Retries}.");
        return options with { RetryAttempts = Retries ?? options.RetryAttempts };
    }

    private Uri ReadServer(Func<string, string?> environment)
    {
        var (name, text) = Choose("--server", Server, "WINNOW_SERVER", environment);
        text ??= DefaultServer;
        if (!text.Contains("://", StringComparison.Ordinal))
            throw new ArgumentException($"{name} '{text}' does not say how to speak to it: write http://{text} or https://{text}.");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address))
            throw new ArgumentException($"{name} '{text}' is not an address such as {DefaultServer}.");
        return ServerAddress.Check(address) is { } wrong ? throw new ArgumentException($"{name} {wrong}") : address;
    }

    /// <summary>The key that stands nearest: on the command line before the environment. Two that stand equally near are refused.</summary>
    private string? ReadKey(Func<string, string?> environment)
    {
        if (Key is not null && KeyFile is not null) throw new ArgumentException("--key and --key-file both give a key. Give one of them.");
        var (name, key) = (Key, KeyFile) switch
        {
            ({ } given, _) => ("--key", SecretText.Trim(given) ?? throw Blank("--key")),
            (_, { } file) when SecretText.Trim(file) is null => throw Blank("--key-file"),
            (_, { } file) => ("--key-file", SecretFile.Read("--key-file", file)),
            _ => FromEnvironment(environment),
        };
        return key is not null && SecretText.Check(name, key) is { } wrong ? throw new ArgumentException(wrong) : key;
    }

    /// <summary>Without a key the command would go on as nobody, or under the key of the environment: somebody else's.</summary>
    private static ArgumentException Blank(string option) =>
        new($"{option} is given, and what is given is blank. Set what it is filled from, or leave the option out.");

    private static (string Name, string? Key) FromEnvironment(Func<string, string?> environment)
    {
        const string Variable = "WINNOW_KEY";
        const string FileVariable = "WINNOW_KEY_FILE";
        var (key, file) = (SecretText.Trim(environment(Variable)), environment(FileVariable));
        if (SecretText.Trim(file) is null) return (Variable, key);
        return key is null
            ? (FileVariable, SecretFile.Read(FileVariable, file!))
            : throw new ArgumentException($"{Variable} and {FileVariable} both give a key. Unset one of them.");
    }

    /// <summary>A name that was given has to be sound; the user's own counts where it is.</summary>
    private string? ReadActor(Func<string, string?> environment, string? user)
    {
        var (name, actor) = Choose("--actor", Actor, "WINNOW_ACTOR", environment);
        if (actor is null) return ActingName.IsValid(user) ? user : null;
        return ActingName.IsValid(actor) ? actor : throw new ArgumentException($"{name} {ActingName.Rule}.");
    }

    private static (string Name, string? Value) Choose(string option, string? given, string variable, Func<string, string?> environment)
    {
        if (given is not null) return (option, given.Trim());
        return environment(variable)?.Trim() is { Length: > 0 } set ? (variable, set) : (variable, null);
    }
}
