using Xunit.Abstractions;

namespace Winnow.Web.Tests.Security.Doors;

/// <summary>One silo that keeps its objects in files.</summary>
public sealed class OneSiloDoorTests(LockedServer server, ITestOutputHelper output)
    : DoorTests(server, output), IClassFixture<LockedServer>;
