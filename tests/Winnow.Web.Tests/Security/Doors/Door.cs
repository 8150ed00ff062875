using Winnow.Client;
using Winnow.Model.Security;
using Winnow.Testing;

namespace Winnow.Web.Tests.Security.Doors;

/// <summary>
/// A running Winnow with an operator's key, of whatever make: what is tried on one silo is tried on a cluster too. Each of its addresses is
/// a door to the same house.
/// </summary>
public abstract class Door : IAsyncLifetime
{
    public const string OperatorKey = "the-operators-key-of-the-tests";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<WinnowClient> _clients = [];

    public abstract IReadOnlyList<Uri> Addresses { get; }

    public Uri Address => Addresses[0];

    /// <summary>Bytes that its processes hold, for comparing; null where it shares its process with other tests.</summary>
    public abstract long? Memory();

    public WinnowClient Operator { get; private set; } = null!;

    /// <summary>What tests need to see of attacks: no limits on callers, which have tests of their own.</summary>
    protected static string[] Options =>
    [
        "--Api:Key", OperatorKey, "--Api:Limits:RefusalsPerMinute", "1000000", "--Api:Limits:AnonymousPerMinute", "1000000",
        "--Api:Limits:PerSecond", "100000", "--Api:Limits:SessionsPerMinute", "1000000",
    ];

    public virtual Task InitializeAsync()
    {
        Operator = As(OperatorKey);
        return Task.CompletedTask;
    }

    public virtual Task DisposeAsync()
    {
        foreach (var client in _clients) client.Dispose();
        _clients.Clear();
        return Task.CompletedTask;
    }

    public WinnowClient As(string? key, string? actor = null, Uri? address = null)
    {
        var options = new WinnowClientOptions { Address = address ?? Address, Key = key, Actor = actor, RetryAttempts = 0 };
        var client = new WinnowClient(options);
        _clients.Add(client);
        return client;
    }

    /// <summary>A key of a principal, made as an owner would.</summary>
    public async Task<string> KeyAsync(string principal, KeyScope? scope = null) =>
        (await Operator.CreateKeyAsync(new CreateApiKey(Principal.Parse(principal), "test", scope))).Key;

    /// <summary>A key that has expired.</summary>
    public async Task<string> ExpiredKeyAsync(string principal)
    {
        var soon = TimeProvider.System.GetUtcNow().AddMilliseconds(700);
        var key = (await Operator.CreateKeyAsync(new CreateApiKey(Principal.Parse(principal), "test", null, soon))).Key;
        var holder = As(key);
        await Until.TrueAsync(async () =>
        {
            try
            {
                await holder.WhoamiAsync();
                return false;
            }
            catch (WinnowApiException refused) when (refused.Status == System.Net.HttpStatusCode.Unauthorized)
            {
                return true;
            }
        }, Patience, () => "the key has expired");
        return key;
    }

    public Task<AccessGrant> GrantAsync(string scope, string principal, Role role, DateTimeOffset? expires = null) =>
        Operator.GrantAccessAsync(scope, new GrantAccess(Principal.Parse(principal), role, expires));

    /// <summary>A key of a principal that has a role somewhere.</summary>
    public async Task<string> HolderAsync(string principal, string scope, Role role)
    {
        await GrantAsync(scope, principal, role);
        return await KeyAsync(principal);
    }
}
