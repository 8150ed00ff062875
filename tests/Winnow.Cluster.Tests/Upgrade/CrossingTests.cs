using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Serialization;
using Winnow.Adapters.Ledger;
using Winnow.Grains;
using Winnow.Model.Images;
using Winnow.Model.Review;
using Winnow.Model.Training;

namespace Winnow.Cluster.Tests.Upgrade;

/// <summary>What becomes of failures between silos, and of records between grains of one.</summary>
public sealed class CrossingTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddWinnowWireFormat().BuildServiceProvider();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void A_failure_looks_the_same_on_another_silo_whatever_a_driver_threw()
    {
        var serializer = _services.GetRequiredService<Serializer>();
        var thrown = new LedgerUnavailableException("away", new NpgsqlException("no answer", new SocketException(111)));
        var sent = serializer.SerializeToArray<Exception>(thrown);
        var told = Assert.IsType<LedgerUnavailableException>(serializer.Deserialize<Exception>(sent));
        Assert.Equal("away", told.Message);
        Assert.Equal("no answer", Assert.IsType<NpgsqlException>(told.InnerException).Message);
    }

    [Fact]
    public void What_goes_with_every_answer_is_shared_and_all_else_is_copied()
    {
        var copier = _services.GetRequiredService<DeepCopier>();
        var shared = new SubmitDecision(ImageId.Of("x"u8), Guid.NewGuid(), new Decision { Kind = DecisionKind.Skip }, null);
        Assert.Same(shared, copier.Copy(shared));
        var copied = new StartRound(5);
        Assert.NotSame(copied, copier.Copy(copied));
        Assert.Equal(copied, copier.Copy(copied));
    }
}
