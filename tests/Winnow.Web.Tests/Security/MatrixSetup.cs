using System.Text.Json;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Model.Security;
using Winnow.Testing;
using Winnow.Web.Tests.Security.Doors;

namespace Winnow.Web.Tests.Security;

/// <summary>A door with two datasets behind it and a caller of every kind before it.</summary>
public abstract class MatrixSetup(Door door) : IAsyncLifetime
{
    public const string Own = "own";
    public const string Other = "other";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    internal Door Door => door;
    /// <summary>Of callers that are none of a browser's: what one signs in with is not sent for the next.</summary>
    internal HttpClient Http { get; } = new(new SocketsHttpHandler { UseCookies = false });
    internal IReadOnlyList<ApiOperation> Operations { get; private set; } = [];
    internal Dictionary<Role, string> InDataset { get; } = [];
    internal Dictionary<Role, string> InCluster { get; } = [];
    internal Dictionary<string, string?> Bad { get; } = [];
    internal Dictionary<string, string> Strangers { get; } = [];
    internal string OwnerForOwn { get; private set; } = "";
    internal string OwnerForReading { get; private set; } = "";
    internal string Image { get; private set; } = "";
    internal string Spare { get; private set; } = "";

    public async Task InitializeAsync()
    {
        await door.InitializeAsync();
        Http.BaseAddress = door.Address;
        var schema = new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] };
        foreach (var dataset in new[] { Own, Other })
        {
            await door.Operator.CreateDatasetAsync(new CreateDataset(dataset, schema, new DatasetSettings { Shards = 1, AuditSample = 0 }));
            // Too few for a round to go far: that it may be started is what counts here.
            await foreach (var result in door.Operator.ImportAsync(dataset, DrawnImages.EnumerateAsync(8)))
                Image = result.Id!.Value.ToString();
            await door.Operator.WaitForScoringAsync(dataset);
            await door.Operator.CreateVersionAsync(dataset, new CreateVersion());
        }
        using (var backup = new MemoryStream())
        {
            await using var stream = await door.Operator.OpenBackupAsync(Own);
            await stream.CopyToAsync(backup);
            MatrixRequests.Backup = backup.ToArray();
        }
        foreach (var scope in new[] { Own, Other, AccessScope.Cluster })
        {
            await door.GrantAsync(scope, "person:vetted-by-matrix", Role.Viewer);
            await door.GrantAsync(scope, "service:revoked-by-matrix", Role.Viewer);
        }
        foreach (var role in Enum.GetValues<Role>())
        {
            InDataset[role] = await door.HolderAsync($"service:{role}", Own, role);
            InCluster[role] = await door.HolderAsync($"service:cluster-{role}", AccessScope.Cluster, role);
        }
        Spare = (await door.Operator.CreateKeyAsync(new CreateApiKey(Principal.Parse("service:spare")))).Info.Id;
        OwnerForOwn = await door.KeyAsync($"service:cluster-{Role.Owner}", new KeyScope(Datasets: [Own]));
        OwnerForReading = await door.KeyAsync($"service:cluster-{Role.Owner}", new KeyScope(Permissions: [Permission.ReadDataset]));
        await MakeBadAsync();
        await MakeStrangersAsync();
        Http.DefaultRequestHeaders.Authorization = new("Bearer", Door.OperatorKey);
        Operations = ApiOperation.Read(JsonDocument.Parse(await Http.GetStringAsync("/openapi/v1.json")));
        Http.DefaultRequestHeaders.Authorization = null;
    }

    /// <summary>A key of an owner of the cluster that carries these permissions alone.</summary>
    internal Task<string> OwnerWithAsync(IReadOnlyList<Permission> permissions) =>
        door.KeyAsync($"service:cluster-{Role.Owner}", new KeyScope(Permissions: permissions));

    public async Task DisposeAsync()
    {
        Http.Dispose();
        await door.DisposeAsync();
    }

    /// <summary>Keys of an owner of the cluster, so that only the key can be what keeps them out.</summary>
    private async Task MakeBadAsync()
    {
        var principal = $"service:cluster-{Role.Owner}";
        var good = await door.KeyAsync(principal);
        var revoked = await door.Operator.CreateKeyAsync(new CreateApiKey(Principal.Parse(principal)));
        await door.Operator.RevokeKeyAsync(revoked.Info.Id);
        Bad["none"] = null;
        Bad["made up"] = Web.Security.KeyText.Make().Text;
        Bad["mistyped"] = good[..^1] + (good[^1] == '0' ? '1' : '0');
        Bad["revoked"] = revoked.Key;
        Bad["expired"] = await door.ExpiredKeyAsync(principal);
        Bad["operator, nearly"] = Door.OperatorKey + "x";
    }

    private async Task MakeStrangersAsync()
    {
        Strangers["no grant"] = await door.KeyAsync("service:stranger");
        await door.GrantAsync(Own, "person:pending", Role.Owner);
        Strangers["pending grant"] = await door.KeyAsync("person:pending");
        Strangers["revoked grant"] = await door.HolderAsync("service:gone", Own, Role.Owner);
        await door.Operator.RevokeAccessAsync(Own, new GrantName(Principal.Parse("service:gone"), Role.Owner));
        await door.GrantAsync(Own, "service:late", Role.Owner, TimeProvider.System.GetUtcNow().AddMilliseconds(500));
        Strangers["expired grant"] = await door.KeyAsync("service:late");
        var late = door.As(Strangers["expired grant"]);
        await Until.TrueAsync(async () => (await late.WhoamiAsync()).Roles.Count == 0, Patience, () => "the grant has expired");
    }
}

/// <inheritdoc/>
public sealed class MatrixSetup<TDoor>() : MatrixSetup(new TDoor()) where TDoor : Door, new();
