using System.Net;
using System.Reflection;
using Microsoft.Extensions.Time.Testing;
using Winnow.Abstractions.Health;
using Winnow.Grains;
using Winnow.Silo.Peers;

namespace Winnow.Web.Tests.Health;

/// <summary>A silo answers from memory as long as it has just been told that it is one of the cluster, and no longer.</summary>
public sealed class StandingGuardTests
{
    private static readonly SiloAddress Silo = SiloAddress.New(IPAddress.Loopback, 11111, 1);

    private readonly FakeTimeProvider _time = new();
    private readonly Table _table;
    private readonly StandingGuard _guard;

    public StandingGuardTests()
    {
        _table = Stand<IMembershipTable, Table>();
        var details = Stand<ILocalSiloDetails, Details>();
        _guard = new StandingGuard((IMembershipTable)(object)_table, (ILocalSiloDetails)(object)details, _time);
    }

    [Fact]
    public async Task Calls_within_a_moment_ask_once()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.True(await CallAsync());
            _time.Advance(StandingGuard.Lifetime / 20);
        }
        Assert.Equal(1, _table.Asked);
        _time.Advance(StandingGuard.Lifetime);
        Assert.True(await CallAsync());
        Assert.Equal(2, _table.Asked);
    }

    [Theory]
    [InlineData(SiloStatus.Dead)]
    [InlineData(SiloStatus.None)]
    public async Task One_that_was_given_up_while_it_stood_still_answers_nothing(SiloStatus status)
    {
        Assert.True(await CallAsync());
        _table.Status = status;
        _time.Advance(StandingGuard.Lifetime);
        await Assert.ThrowsAsync<SiloUnavailableException>(CallAsync);
        // And it stays so, however often it is asked.
        await Assert.ThrowsAsync<SiloUnavailableException>(CallAsync);
        Assert.Equal(3, _table.Asked);
    }

    [Fact]
    public async Task A_table_that_is_away_lets_nothing_through_and_is_asked_again()
    {
        _table.Fault = new IOException("The database is away.");
        var told = await Assert.ThrowsAsync<UnavailableException>(CallAsync);
        Assert.Contains("The database is away.", told.Message, StringComparison.Ordinal);
        _table.Fault = null;
        Assert.True(await CallAsync());
    }

    [Fact]
    public async Task An_answer_that_was_on_its_way_when_the_silo_stood_still_is_none()
    {
        _table.Wait = new TaskCompletionSource();
        var before = CallAsync();
        await _table.Reached.Task;
        // It hangs here; what was answered before comes afterwards.
        _time.Advance(TimeSpan.FromSeconds(10));
        var after = CallAsync();
        var wait = _table.Wait;
        (_table.Wait, _table.Status) = (null, SiloStatus.Dead);
        wait.SetResult();
        // Who called before may be told what was so then; who calls now not.
        Assert.True(await before);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => after);
    }

    [Fact]
    public async Task A_table_that_is_slow_holds_up_nobody_for_ever()
    {
        _table.Takes = () => _time.Advance(StandingGuard.Lifetime * 3);
        Assert.True(await CallAsync());
        Assert.Equal(1, _table.Asked);
    }

    /// <summary>Whether a call of one of our grains went through.</summary>
    private async Task<bool> CallAsync()
    {
        var context = Stand<IIncomingGrainCallContext, Call>();
        await _guard.Invoke((IIncomingGrainCallContext)(object)context);
        return context.Went;
    }

    private static TProxy Stand<T, TProxy>() where T : class where TProxy : DispatchProxy =>
        (TProxy)(object)DispatchProxy.Create<T, TProxy>();

    public class Details : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? method, object?[]? arguments) => Silo;
    }

    public class Table : DispatchProxy
    {
        public int Asked { get; private set; }

        public SiloStatus Status { get; set; } = SiloStatus.Active;

        public Exception? Fault { get; set; }

        public TaskCompletionSource? Wait { get; set; }

        public TaskCompletionSource Reached { get; } = new();

        public Action? Takes { get; set; }

        protected override object? Invoke(MethodInfo? method, object?[]? arguments) => AnswerAsync();

        private async Task<MembershipTableData> AnswerAsync()
        {
            Asked++;
            var status = Status;
            Reached.TrySetResult();
            Takes?.Invoke();
            if (Wait is { } wait) await wait.Task;
            if (Fault is { } fault) throw fault;
            var version = new TableVersion(1, "1");
            return status == SiloStatus.None ? new MembershipTableData(version)
                : new MembershipTableData(Tuple.Create(new MembershipEntry { SiloAddress = Silo, Status = status }, "1"), version);
        }
    }

    public class Call : DispatchProxy
    {
        private static readonly object Ours = System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(
            typeof(GrainsRegistration).Assembly.GetTypes().First(t => t is { IsClass: true, IsAbstract: false } && t.Name == "QueueGrain"));

        public bool Went { get; private set; }

        protected override object? Invoke(MethodInfo? method, object?[]? arguments)
        {
            if (method!.Name == "get_Grain") return Ours;
            Went = true;
            return Task.CompletedTask;
        }
    }
}
